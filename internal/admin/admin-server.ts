// The admin API: what the commands, and later the console, ask a running server.
// Every request needs the token and a loopback Host; whatever a browser page sends carries an Origin and is refused, so
// that neither a page nor a Provider address on loopback gets an answer.
import { timingSafeEqual } from 'node:crypto';
import express, { type NextFunction, type Request, type Response } from 'express';
import { z } from 'zod';
import { DELIVERY_STATES, type Outbox, type StoredEvent, StoreError } from '../outbox/store.ts';
import type { Verdict } from '../routing/route.ts';
import { REASONS } from '../sdk/outcome.ts';
import type { Logger } from '../sdk/ports.ts';
import { Problem, sendProblem } from './problem.ts';

export interface AdminOptions {
  readonly outbox: Outbox;
  readonly token: string;
  /** What every Route, also those that the index never gave, says of a stored event now. */
  readonly explain: (event: StoredEvent) => Explanation;
  /** Faults of the configuration as it is now. */
  readonly faults: () => readonly unknown[];
  readonly log: Logger;
}

export interface Explanation {
  readonly verdicts: readonly Verdict[];
  /** Revision of the Snapshot that was asked now; differs from the event's own when configuration changed since. */
  readonly revision: string;
}

const MAX_PAGE = 500;
const LOOPBACK_HOST = /^(127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d+)?$/i;

const page = { limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(50), after: z.string().min(1).optional() };
const subject = { kind: z.string().optional(), namespace: z.string().optional(), name: z.string().optional() };
const minutes = z.coerce.number().min(0).optional();

const DeliveryQuery = z.strictObject({
  ...page,
  ...subject,
  state: z.array(z.enum(DELIVERY_STATES)).optional(),
  target: z.string().optional(),
  route: z.string().optional(),
  event: z.string().optional(),
  reason: z.enum(REASONS).optional(),
  olderThanMs: minutes,
  youngerThanMs: minutes,
});

const EventQuery = z.strictObject({ ...page, ...subject, youngerThanMs: minutes, pending: z.stringbool().optional() });

/** Builds the express application of the admin API; the caller listens on loopback. */
export function createAdminApp(options: AdminOptions): express.Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(guard(options.token));
  app.use(readRoutes(options));
  app.use((request: Request) => {
    throw new Problem('not-found', `nothing is served at ${request.method} ${request.path}`);
  });
  app.use(onError(options.log));
  return app;
}

function readRoutes({ outbox, explain, faults }: AdminOptions): express.Router {
  const router = express.Router();
  router.get('/api/v1/events', async (request, response) => {
    const query = parse(EventQuery, request.query);
    const { kind, namespace, name, ...rest } = query;
    response.json({ items: await outbox.events(defined({ ...rest, subject: subjectOf({ kind, namespace, name }) })) });
  });
  router.get('/api/v1/events/:id', async (request, response) => {
    const stored = await findEvent(outbox, request.params.id);
    const deliveries = await outbox.deliveries({ eventId: stored.event.id, limit: MAX_PAGE });
    response.json({ ...stored, deliveries });
  });
  router.get('/api/v1/events/:id/explanation', async (request, response) => {
    const stored = await findEvent(outbox, request.params.id);
    const deliveries = await outbox.deliveries({ eventId: stored.event.id, limit: MAX_PAGE });
    response.json({ ...stored, deliveries, now: explain(stored) });
  });
  router.get('/api/v1/deliveries', async (request, response) => {
    const { kind, namespace, name, state, target, route, event, ...rest } = parse(DeliveryQuery, listed(request.query, 'state'));
    const filter = {
      ...rest,
      states: state,
      targetKey: target,
      routeKey: route,
      eventId: event,
      subject: subjectOf({ kind, namespace, name }),
    };
    response.json({ items: await outbox.deliveries(defined(filter)) });
  });
  router.get('/api/v1/deliveries/:id', async (request, response) => {
    const delivery = await outbox.delivery(request.params.id);
    if (!delivery) throw new Problem('not-found', `no delivery has the id ${request.params.id}; it may have been pruned`);
    response.json(delivery);
  });
  router.get('/api/v1/targets', async (_request, response) => {
    response.json({ items: await outbox.targets() });
  });
  router.get('/api/v1/stats', async (_request, response) => {
    response.json(await outbox.stats());
  });
  router.get('/api/v1/faults', (_request, response) => {
    response.json({ items: faults() });
  });
  return router;
}

async function findEvent(outbox: Outbox, id: string): Promise<StoredEvent> {
  const stored = await outbox.event(id);
  if (!stored) throw new Problem('not-found', `no event has the id ${id}; it may have been pruned`);
  return stored;
}

function guard(token: string) {
  const expected = Buffer.from(`Bearer ${token}`);
  return (request: Request, _response: Response, next: NextFunction): void => {
    if (!LOOPBACK_HOST.test(request.headers.host ?? '') || request.headers.origin !== undefined) {
      throw new Problem('foreign-host', 'use http://127.0.0.1 with the port of --admin-addr, from a program on this machine');
    }
    const given = Buffer.from(request.headers.authorization ?? '');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new Problem('unauthorized', 'send "Authorization: Bearer <token>"; the token is in the .admin-token file beside the store');
    }
    next();
  };
}

function onError(log: Logger) {
  return (error: unknown, request: Request, response: Response, _next: NextFunction): void => {
    if (error instanceof Problem) return sendProblem(response, error);
    if (error instanceof StoreError) return sendProblem(response, new Problem('store', error.message, { cause: error }));
    if (error instanceof URIError) return sendProblem(response, new Problem('bad-request', 'the path is not valid percent-encoding'));
    log.error({ error, path: request.path }, 'admin request failed');
    sendProblem(response, new Problem('bug', 'the request failed', { cause: error }));
  };
}

function parse<T>(schema: z.ZodType<T>, query: unknown): T {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'query'}: ${issue.message}`);
  throw new Problem('bad-request', faults.join('; '));
}

/** A parameter that may be repeated or given as a comma-separated list. */
function listed(query: Readonly<Record<string, unknown>>, name: string): Record<string, unknown> {
  const value = query[name];
  if (value === undefined) return { ...query };
  return { ...query, [name]: [value].flat().flatMap((item) => (typeof item === 'string' ? item.split(',') : [item])) };
}

function subjectOf(parts: { kind: string | undefined; namespace: string | undefined; name: string | undefined }) {
  const given = defined(parts);
  return Object.keys(given).length > 0 ? given : undefined;
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without the keys whose value is undefined, as exactOptionalPropertyTypes wants it. */
function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Defined<T>;
}
