// Routes for those who want to know before it matters: what an event would meet, whether a Provider lets us in, and a test
// event on its real way.
import express, { type NextFunction, type Request, type Response } from 'express';
import type { Event } from '../event/event.ts';
import type { Outbox, TargetState } from '../outbox/store.ts';
import type { Explained } from '../routing/explain.ts';
import type { Target } from '../routing/route.ts';
import type { z } from 'zod';
import type { AheadAnswer, CheckAnswer, ProviderPage, SubmittedAnswer } from './answers.ts';
import { ENDPOINTS } from './endpoints.ts';
import { Problem } from './problem.ts';

/** What these routes need of the running program. */
export interface InspectionOptions {
  readonly outbox: Pick<Outbox, 'events' | 'targets'>;
  /** Reads the body of an event as the event port does. */
  readonly toEvent: (body: string) => Event | { readonly invalid: string };
  /** Takes an event as the event port does. */
  readonly submit: (event: Event) => Promise<Submitted>;
  /** What every Route says of an event now; null while no configuration is loaded. */
  readonly explainEvent: (event: Event) => ExplainedEvent | null | Promise<ExplainedEvent | null>;
  readonly targets: () => readonly Target[] | Promise<readonly Target[]>;
  /** Reaches a Provider without posting to it. */
  readonly check: (target: Target) => Promise<z.input<typeof CheckAnswer>>;
}

export interface ExplainedEvent {
  readonly verdicts: readonly Explained[];
  readonly revision: string;
}

export type Submitted =
  | { readonly outcome: 'accepted' | 'duplicate'; readonly eventId: string; readonly resetAtMs: number }
  | { readonly outcome: 'busy'; readonly retryAfterMs: number; readonly message: string }
  | { readonly outcome: 'invalid'; readonly message: string };

/** The event port's own cap. */
const MAX_BODY = '3mb';
/** As many of an object's events as are searched for an equal one. */
const MAX_EQUALS = 500;

/** The routes; the caller guards them. */
export function inspectionRoutes(options: InspectionOptions): express.Router {
  const router = express.Router();
  const readBody = express.text({ type: 'application/json', limit: MAX_BODY });
  router.post(ENDPOINTS.sendTestEvent.path, readBody, async (request, response) => {
    const submitted = await options.submit(requireEvent(options, request.body));
    if (submitted.outcome === 'busy') throw new Problem('store', submitted.message);
    if (submitted.outcome === 'invalid') throw new Problem('bad-request', submitted.message);
    response.json(submitted satisfies z.input<typeof SubmittedAnswer>);
  });
  router.post(ENDPOINTS.explainAhead.path, readBody, async (request, response) => {
    const event = requireEvent(options, request.body);
    const explained = await options.explainEvent(event);
    if (explained === null) throw new Problem('store', 'no configuration is loaded yet');
    const targets = await pausedTargets(options.outbox);
    const equal = await findEqual(options.outbox, event);
    response.json({ event, now: explained, targets, equal } satisfies z.input<typeof AheadAnswer>);
  });
  router.get(ENDPOINTS.listProviders.path, async (_request, response) => {
    const items = (await options.targets()).map(({ key, ref, type, suspended }) => ({
      key,
      namespace: ref.namespace,
      name: ref.name,
      type,
      suspended,
    }));
    response.json({ items } satisfies z.input<typeof ProviderPage>);
  });
  router.post(ENDPOINTS.checkProvider.path, async (request, response) => {
    const { namespace, name } = request.params;
    const target = (await options.targets()).find(({ ref }) => ref.namespace === namespace && ref.name === name);
    if (target === undefined)
      throw new Problem('not-found', `there is no Provider ${namespace}/${name} in the configuration that is served`);
    response.json(await options.check(target));
  });
  router.use((error: unknown, _request: Request, _response: Response, _next: NextFunction) => {
    // What the reader of bodies refuses, such as one above the cap, is the sender's to mend.
    const status = error instanceof Error && 'status' in error ? Number(error.status) : 500;
    throw status >= 400 && status < 500 && error instanceof Error ? new Problem('bad-request', error.message, { cause: error }) : error;
  });
  return router;
}

/** The Targets that their breaker holds back. */
export async function pausedTargets(outbox: Pick<Outbox, 'targets'>): Promise<readonly TargetState[]> {
  return (await outbox.targets()).filter(({ pausedUntilMs }) => pausedUntilMs !== null);
}

function requireEvent({ toEvent }: InspectionOptions, body: unknown): Event {
  const event = toEvent(typeof body === 'string' ? body : '');
  if ('invalid' in event) throw new Problem('bad-request', `the body is not an event: ${event.invalid}`);
  return event;
}

/** The stored event of which this one would be a duplicate. */
async function findEqual(
  outbox: Pick<Outbox, 'events'>,
  event: Event,
): Promise<{ id: string; acceptedAtMs: number; untilMs: number } | null> {
  const { dedup, subject } = event;
  if (dedup === null) return null;
  const { kind, namespace, name } = subject;
  const recent = await outbox.events({ subject: { kind, namespace, name }, youngerThanMs: dedup.windowMs, limit: MAX_EQUALS });
  // The window begins with the first of them, and the list is newest first.
  const first = recent.findLast((stored) => stored.event.dedup?.key === dedup.key);
  if (first === undefined) return null;
  return { id: first.event.id, acceptedAtMs: first.acceptedAtMs, untilMs: first.acceptedAtMs + (first.event.dedup?.windowMs ?? 0) };
}
