// One attempt through the real chain, from the manifest and its Secrets to the socket: dialect, resolver, provider, transport.
// What a test does not give has a fixed value.
import { catalog } from '../../internal/catalog/catalog.ts';
import { createResolver } from '../../internal/credentials/resolver.ts';
import { runAttempt } from '../../internal/deliver/attempt.ts';
import { createBudgets } from '../../internal/deliver/budgets.ts';
import { createSharedWork } from '../../internal/deliver/shared-work.ts';
import { createFluxDialect } from '../../internal/dialects/flux/dialect.ts';
import type { FluxEvent } from '../../internal/event/event.ts';
import type { Settlement } from '../../internal/outbox/store.ts';
import type { Target } from '../../internal/routing/route.ts';
import type { Transport } from '../../internal/sdk/transport.ts';
import { ManualClock } from './clock.ts';
import { toLease } from './deliveries.ts';
import { MemoryOutbox } from './memory-outbox.ts';
import { createRedactor } from './plain-redactor.ts';
import { createRecordingLog } from './recording-log.ts';

type Texts = Readonly<Record<string, string>>;

/** A Provider and what it refers to. */
export interface ChainSetup {
  readonly spec: Readonly<Record<string, unknown>>;
  /** By name, in the Provider's namespace. */
  readonly secrets: Readonly<Record<string, Texts>>;
  readonly event: FluxEvent;
}

const UID = '0c9c2e41-d2f9-4f9b-9c41-bebc1984d67a';
const STATUS_ID = 'kustomization/webapp/0c9c2e41';
const MAX_ATTEMPT_MS = 60_000;
const dialect = createFluxDialect({ catalog });

/** Why the manifest is refused, or what the attempt settles. */
export async function attemptOnce(setup: ChainSetup, transport: Transport): Promise<Settlement | { readonly refusal: string }> {
  const { target, findings } = dialect.toTarget(toProvider(setup.spec));
  if (target === null) return { refusal: findings.map(({ message }) => message).join('; ') };
  const clock = new ManualClock();
  const result = await runAttempt(
    {
      findTarget: () => target,
      resolve: (found) => resolve(found, setup.secrets),
      transport,
      redactor: createRedactor(),
      tokens: async (_key, acquire) => (await acquire()).value,
      identity: { keyOf: () => 'identity', acquire: async () => ({ value: 'identity-token', expiresAtMs: 1 }) },
      statusIdFor: () => STATUS_ID,
      outbox: new MemoryOutbox(),
      budgets: createBudgets(clock),
      sharedWork: createSharedWork(clock),
      clock,
      random: () => 0.5,
      log: createRecordingLog(),
      maxAttemptMs: MAX_ATTEMPT_MS,
    },
    toEventLease(setup.event),
    new AbortController(),
  );
  if (result.kind === 'release') throw new Error('nothing ended the attempt, and it was released');
  return result.settlement;
}

function resolve(target: Target, secrets: ChainSetup['secrets']): ReturnType<ReturnType<typeof createResolver>['resolve']> {
  return createResolver({
    secrets: {
      async get(_namespace, name) {
        const texts = secrets[name];
        return texts && Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text)]));
      },
    },
    redactor: createRedactor(),
    featureGates: { objectLevelWorkloadIdentity: true },
  }).resolve(target);
}

function toProvider(spec: ChainSetup['spec']) {
  const metadata = { namespace: 'apps', name: 'hook', uid: UID };
  return { apiVersion: 'notification.toolkit.fluxcd.io/v1beta3', kind: 'Provider', metadata, spec };
}

function toEventLease(flux: FluxEvent) {
  const lease = toLease('019a0000-0000-7000-8000-000000000001', { metadata: flux.metadata });
  return { ...lease, event: { ...lease.event, flux, occurredAtMs: flux.timestamp === null ? null : Date.parse(flux.timestamp) } };
}
