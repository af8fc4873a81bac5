// The admin API: what the commands, and later the console, ask a running server.
// Every request needs the token and a loopback Host; whatever a browser page sends carries an Origin and is refused, so
// that neither a page nor a Provider address on loopback gets an answer.
import express, { type NextFunction, type Request, type Response } from 'express';
import type { z } from 'zod';
import { type DeliveryFilter, type EventFilter, type StoredEvent, StoreError } from '../outbox/store.ts';
import type { Verdict } from '../routing/route.ts';
import type { Logger } from '../sdk/ports.ts';
import type { FaultPage } from './answers.ts';
import { API_HEADER, API_VERSION } from './api-header.ts';
import { cancelStep, replayStep } from './decide.ts';
import { ENDPOINTS } from './endpoints.ts';
import { toDeliveryFilter, toEventFilter } from './filters.ts';
import { forVisitor } from './for-visitor.ts';
import { guard, visitorOf } from './guard.ts';
import { type InspectionOptions, inspectionRoutes } from './inspection-routes.ts';
import { Problem, sendProblem } from './problem.ts';
import { MAX_PAGE } from './requests.ts';
import { refuseOtherMethods, requireJson, serveEndpoint, STRICT, toBodyProblem } from './serve-endpoint.ts';
import type { AdminOutbox } from './tenant-outbox.ts';
import type { Authority } from './visitor.ts';

export interface AdminOptions {
  readonly outbox: AdminOutbox;
  readonly token: string;
  /** Who else may ask, and for what; nobody when absent. */
  readonly authority?: Authority;
  /** What every Route, also those that the index never gave, says of a stored event now. */
  readonly explain: (event: StoredEvent) => Explanation | Promise<Explanation>;
  /** Faults of the configuration as it is now. */
  readonly faults: () => Faults | Promise<Faults>;
  /** Explanations ahead, test events and checks; those routes do not exist when absent. */
  readonly inspection?: InspectionOptions;
  readonly log: Logger;
}

type Faults = z.input<typeof FaultPage>['items'];

export interface Explanation {
  readonly verdicts: readonly (Verdict & { readonly remedy?: string; readonly closeness?: number })[];
  /** Revision of the Snapshot that was asked now; differs from the event's own when configuration changed since. */
  readonly revision: string;
}

/** Builds the express application of the admin API; the caller listens on loopback. */
export function createAdminApp(options: AdminOptions): express.Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use((_request, response, next) => {
    response.set(API_HEADER, API_VERSION);
    next();
  });
  app.use(guard(options.token, options.authority));
  app.use(requireJson);
  const everything = routes(options);
  app.use((request, response, next) => {
    const visitor = visitorOf(response);
    (visitor === undefined ? everything : routes(forVisitor(options, visitor)))(request, response, next);
  });
  app.use(refuseOtherMethods(Object.values(ENDPOINTS)));
  app.use((request: Request) => {
    throw new Problem(
      'not-found',
      `nothing is served at ${request.method} ${request.path}; the server and whoever asks may be of different versions`,
    );
  });
  app.use(onError(options.log));
  return app;
}

function routes({ outbox, explain, faults, inspection, log }: AdminOptions): express.Router {
  const router = express.Router(STRICT);
  serveEvents(router, outbox, explain);
  serveDeliveries(router, outbox, log);
  serveEndpoint(router, ENDPOINTS.listTargets, async () => ({ items: await outbox.targets() }));
  serveEndpoint(router, ENDPOINTS.showStats, () => outbox.stats());
  serveEndpoint(router, ENDPOINTS.listFaults, async () => ({ items: await faults() }));
  if (inspection !== undefined) router.use(inspectionRoutes(inspection));
  return router;
}

function serveEvents(router: express.Router, outbox: AdminOutbox, explain: AdminOptions['explain']): void {
  serveEndpoint(router, ENDPOINTS.listEvents, async ({ query }) => {
    const filter: EventFilter = toEventFilter(query);
    if (filter.after !== undefined) await findEvent(outbox, filter.after);
    return toPage(await outbox.events(filter), filter.limit, ({ event }) => event.id);
  });
  serveEndpoint(router, ENDPOINTS.showEvent, ({ id }) => withDeliveries(outbox, id));
  serveEndpoint(router, ENDPOINTS.explainEvent, async ({ id }) => {
    const found = await withDeliveries(outbox, id);
    const targets = (await outbox.targets()).filter(({ pausedUntilMs }) => pausedUntilMs !== null);
    return { ...found, now: await explain(found), targets };
  });
}

function serveDeliveries(router: express.Router, outbox: AdminOutbox, log: Logger): void {
  serveEndpoint(router, ENDPOINTS.listDeliveries, async ({ query }) => {
    const filter: DeliveryFilter = toDeliveryFilter(query);
    if (filter.after !== undefined) await findDelivery(outbox, filter.after);
    return toPage(await outbox.deliveries(filter), filter.limit, ({ id }) => id);
  });
  serveEndpoint(router, ENDPOINTS.replay, async ({ body }) => {
    if (body.after !== undefined) await findDelivery(outbox, body.after);
    return replayStep(outbox, body, log);
  });
  serveEndpoint(router, ENDPOINTS.cancel, async ({ body }) => {
    if (body.after !== undefined) await findDelivery(outbox, body.after);
    return cancelStep(outbox, body, log);
  });
  serveEndpoint(router, ENDPOINTS.showDelivery, ({ id }) => findDelivery(outbox, id));
}

function toPage<T>(items: readonly T[], limit: number, idOf: (item: T) => string): { items: readonly T[]; next: string | null } {
  const last = items.at(-1);
  return { items, next: last === undefined || items.length < limit ? null : idOf(last) };
}

async function withDeliveries(outbox: AdminOutbox, id: string) {
  const stored = await findEvent(outbox, id);
  return { ...stored, deliveries: await outbox.deliveries({ eventId: stored.event.id, limit: MAX_PAGE }) };
}

async function findEvent(outbox: AdminOutbox, id: string): Promise<StoredEvent> {
  const stored = await outbox.event(id);
  if (!stored) throw new Problem('not-found', `no event has the id ${id}; it may have been pruned`);
  return stored;
}

async function findDelivery(outbox: AdminOutbox, id: string) {
  const delivery = await outbox.delivery(id);
  if (!delivery) throw new Problem('not-found', `no delivery has the id ${id}; it may have been pruned`);
  return delivery;
}

function onError(log: Logger) {
  return (error: unknown, request: Request, response: Response, _next: NextFunction): void => {
    if (error instanceof Problem) return sendProblem(response, error);
    if (error instanceof StoreError) return sendProblem(response, new Problem('store', error.message, { cause: error }));
    if (error instanceof URIError) return sendProblem(response, new Problem('bad-request', 'the path is not valid percent-encoding'));
    const problem = toBodyProblem(error);
    if (problem) return sendProblem(response, problem);
    log.error({ error, path: request.path }, 'admin request failed');
    sendProblem(response, new Problem('bug', 'the request failed', { cause: error }));
  };
}
