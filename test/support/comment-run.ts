// Deliveries of a type that comments on change requests to an emulated forge, with a memory that is kept as the outbox keeps it.
import assert from 'node:assert/strict';
import type { FluxEvent } from '../../internal/event/event.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { TransportError } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { ProviderDefinition, RenderInput } from '../../internal/sdk/provider.ts';
import { type Dialect, EmulatedForge } from './comment-forge.ts';
import { createBench, NOW_MS, toRenderInput } from './provider-run.ts';

/** The uid of the Provider. */
export const UID = '0c9c2e41-d2f9-4f9b-9c41-bebc1984d67a';

export interface CommentSubject {
  readonly definition: ProviderDefinition;
  readonly dialect: Dialect;
  readonly address: string;
  /** The same repository, written in another way. */
  readonly sameAddress: string;
  readonly markerPrefix: string;
  /** What asks who the token belongs to. */
  readonly greeting: readonly string[];
  /** What becomes of a delivery to a locked conversation. */
  readonly locked: { readonly kind: Outcome['kind']; readonly message: string };
}

interface Changes {
  readonly token?: string;
  readonly address?: string;
  readonly uid?: string;
  readonly lane?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** How old what is remembered is when the delivery begins. */
  readonly ageMs?: number;
}

/** A forge with one user, and what sends to it. */
export function createRun(subject: CommentSubject) {
  const forge = new EmulatedForge(subject.dialect);
  forge.users.set('token-1', 'bot');
  let bench = createBench((request) => forge.answer(request));
  const facts = new Map<string, Extract<Outcome, { kind: 'delivered' }>['remember']>();
  const deliver = async (event: Partial<FluxEvent>, changes: Changes = {}): Promise<Outcome> => {
    const { lane = 'lane', ageMs } = changes;
    if (ageMs !== undefined) bench.remember(facts.get(lane) ?? [], ageMs);
    try {
      const outcome = await send(subject.definition, { ...bench.context, lane }, toInput(subject, event, changes));
      if (outcome.kind !== 'delivered') bench.remember(bench.learnt);
      if (outcome.kind === 'delivered' && outcome.remember !== undefined) {
        bench.remember(outcome.remember);
        facts.set(lane, outcome.remember);
      }
      return outcome;
    } catch (error) {
      if (error instanceof TransportError) bench.forget(lane);
      throw error;
    }
  };
  return {
    forge,
    deliver,
    forget: () => bench.forget('lane'),
    restart: () => {
      bench = createBench((request) => forge.answer(request));
    },
  };
}

async function send(
  { send: sendOne }: ProviderDefinition,
  ...given: Parameters<NonNullable<ProviderDefinition['send']>>
): Promise<Outcome> {
  assert.ok(sendOne !== undefined);
  return await sendOne(...given);
}

function toInput(subject: CommentSubject, event: Partial<FluxEvent>, changes: Changes): RenderInput {
  const input = toRenderInput({
    spec: { address: changes.address ?? subject.address },
    secret: { token: changes.token ?? 'token-1' },
    event: toEvent(event),
  });
  return {
    ...input,
    config: { ...input.config, annotations: changes.annotations ?? {} },
    target: { ...input.target, uid: changes.uid ?? UID },
    nowMs: NOW_MS,
  };
}

function toEvent(event: Partial<FluxEvent>): FluxEvent {
  return exampleEvent({
    ...event,
    metadata: Object.assign(Object.create(null), event.metadata ?? { change_request: '42', revision: 'r1' }),
  });
}

/** The lane of a delivery that differs from an ordinary one by the changes. */
export function laneOf(subject: CommentSubject, changes: { address?: string; event?: Partial<FluxEvent>; uid?: string }) {
  return subject.definition.lane?.({
    target: { namespace: 'apps', name: 'provider', uid: changes.uid ?? UID },
    address: changes.address ?? subject.address,
    channel: '',
    event: toEvent(changes.event ?? {}),
  });
}
