// Wires the parts into one running server. The only place that knows all of them.
import { setTimeout as sleep } from 'node:timers/promises';
import { createAdminApp } from '../internal/admin/admin-server.ts';
import type { InspectionOptions } from '../internal/admin/inspection-routes.ts';
import type { Authority } from '../internal/admin/visitor.ts';
import { catalog } from '../internal/catalog/catalog.ts';
import { createTargetWatch, type TargetWatch } from '../internal/deliver/target-watch.ts';
import type { Event } from '../internal/event/event.ts';
import { FLUX_DIALECT, toEvent } from '../internal/event/flux.ts';
import { createAccept } from '../internal/intake/accept.ts';
import type { Accept } from '../internal/intake/accept-port.ts';
import { createEventServer } from '../internal/intake/event-server.ts';
import type { HttpListener } from '../internal/intake/http-listener.ts';
import type { Outbox, StoredEvent, StoreEnd } from '../internal/outbox/store.ts';
import { decide, type DecideContext } from '../internal/routing/decide.ts';
import { type Explained, explainEvent } from '../internal/routing/explain.ts';
import type { LabelSource, Notice, Target } from '../internal/routing/route.ts';
import { createRouter } from '../internal/routing/router.ts';
import { type CheckReport, checkTarget } from '../internal/preview/check.ts';
import { ConfigFault } from '../internal/sdk/provider.ts';
import type { Logger } from '../internal/sdk/ports.ts';
import { createHealthHandler } from '../internal/telemetry/health.ts';
import { createLogger } from '../internal/telemetry/logger.ts';
import { createMetrics, type Metrics } from '../internal/telemetry/metrics.ts';
import { createMetricsHandler } from '../internal/telemetry/metrics-handler.ts';
import { createRedactor } from '../internal/telemetry/redactor.ts';
import { createTracing, type Tracing } from '../internal/telemetry/tracing.ts';
import { ensureAdminToken } from './admin-token.ts';
import { type Configuration, NOTHING_YET, openConfiguration } from './configuration.ts';
import { type Delivery, openDelivery } from './delivery.ts';
import type { Environment } from './environment.ts';
import { listen, type Listener } from './listen.ts';
import { maintain } from './maintenance.ts';
import { openStore } from './open-store.ts';
import { onReceiverRequest } from './receiver-port.ts';
import type { ServeSettings } from './serve-flags.ts';
import { describeStore } from './store-location.ts';
import { systemClock } from './system-clock.ts';
import { traceEnd, tracedOutbox, traceTry } from './traced-outbox.ts';
import { VERSION } from './version.ts';

const LAST_ANSWERS_MS = 2000;
/** A database that keeps silent must not hold up an end that whoever asked for it would else enforce. */
const LAST_CLEANUPS_MS = 4000;
/** Names the connections to the collector of spans. */
const TRACING_POOL = 'otlp';

export interface Application {
  /** `host:port` by listener. */
  readonly addresses: Readonly<Record<'events' | 'receiver' | 'metrics' | 'health' | 'admin', string>>;
  readonly log: Logger;
  /** Resolves when it can never serve again, because the store's writer died; there is nothing left to finish then. */
  readonly failed: Promise<Error>;
  /** Stops accepting, finishes what is being sent within the grace period, and closes the store. */
  stop(): Promise<void>;
}

/** How this program runs: unbuilt, or as a bundle whose writer thread is a file beside it. */
export interface Build {
  readonly workerUrl?: URL;
}

/** Starts a server; rejects with StartupError, ListenError, StoreError or ConfigFault when it cannot. */
export async function startApplication(settings: ServeSettings, environment: Environment, build: Build): Promise<Application> {
  const application = new RunningApplication(settings, environment, build);
  try {
    await application.start();
  } catch (error) {
    await application.stop();
    throw error;
  }
  return application;
}

class RunningApplication implements Application {
  readonly log: Logger;
  readonly failed: Promise<Error>;
  #onFailure: (error: Error) => void = () => undefined;
  readonly #settings: ServeSettings;
  readonly #environment: Environment;
  readonly #build: Build;
  readonly #redactor = createRedactor();
  readonly #metrics: Metrics;
  readonly #context: DecideContext;
  /** In the order in which they are undone, last first. */
  readonly #cleanups: (() => Promise<void> | void)[] = [];
  readonly #listeners = new Map<keyof Application['addresses'], { readonly host: string; readonly port: number }>();
  #opened: Configuration | undefined;
  #targetWatch: TargetWatch | undefined;
  /** Absent unless somebody wants traces. */
  readonly #tracing: Tracing | undefined;
  #accept: Accept = async (events) => events.map(() => ({ outcome: 'busy', retryAfterMs: LAST_ANSWERS_MS, message: 'not started yet' }));
  #stopAccepting: () => Promise<void> = async () => undefined;
  #delivery: Delivery | undefined;

  constructor(settings: ServeSettings, environment: Environment, build: Build) {
    this.#settings = settings;
    this.#environment = environment;
    this.#build = build;
    this.failed = new Promise((resolve) => {
      this.#onFailure = resolve;
    });
    const { logLevel, logEncoding, exportHttpPathMetrics, exportObjectMetrics, noCrossNamespaceRefs } = settings;
    this.log = createLogger({ level: logLevel, encoding: logEncoding, redactor: this.#redactor, clock: systemClock });
    this.#metrics = createMetrics({
      types: catalog.types,
      dialects: [FLUX_DIALECT],
      exportPaths: exportHttpPathMetrics,
      exportObjects: exportObjectMetrics,
    });
    this.#tracing = settings.otlpEndpoint === '' ? undefined : this.#newTracing(settings.otlpEndpoint);
    const labels: LabelSource = { lookup: (object) => this.#configuration.labels.lookup(object) };
    this.#context = { labels, noCrossNamespaceRefs, monotonicMs: () => systemClock.monotonicMs() };
  }

  get addresses(): Application['addresses'] {
    const text = (name: keyof Application['addresses']): string => {
      const { host, port } = this.#listeners.get(name) ?? { host: '', port: 0 };
      return `${host.includes(':') ? `[${host}]` : host}:${port}`;
    };
    return { events: text('events'), receiver: text('receiver'), metrics: text('metrics'), health: text('health'), admin: text('admin') };
  }

  get #configuration(): typeof NOTHING_YET {
    return this.#opened ?? NOTHING_YET;
  }

  async start(): Promise<void> {
    const outbox = await this.#openOutbox();
    await this.#listenEvents(outbox);
    await this.#listenOthers(outbox);
    this.log.info(this.addresses, 'listening');
    const configuration = await this.#openConfiguration();
    this.#startRouter(outbox, configuration);
    this.#startDelivery(outbox, configuration);
    // A store that cannot even be asked is told of by those who need it.
    this.#tellWhereTheStoreIs(outbox, configuration).catch(() => undefined);
  }

  async #tellWhereTheStoreIs(outbox: Outbox, configuration: Configuration): Promise<void> {
    const { persistent } = await outbox.stats();
    if (persistent) return;
    this.log.warn({ store: describeStore(this.#settings.store) }, 'the store is not on a persistent volume');
    configuration.onVolatileStore();
  }

  async stop(): Promise<void> {
    // Both at once: what is accepted last is in the store, and the time for both together is short.
    await Promise.all([this.#safely(this.#stopAccepting), this.#safely(() => this.#delivery?.drain())]);
    const late = Symbol('late');
    if ((await Promise.race([this.#cleanUp(), sleep(LAST_CLEANUPS_MS, late, { ref: false })])) === late) {
      this.log.warn({}, 'the store did not answer to the end; what was being sent is taken up when its leases end');
    }
  }

  async #cleanUp(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).toReversed()) await this.#safely(cleanup);
  }

  async #safely(step: () => Promise<void> | void): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.log.error({ error }, 'a part did not stop cleanly');
    }
  }

  async #openOutbox(): Promise<Outbox> {
    const log = this.log.child({ logger: 'outbox' });
    const outbox = await openStore({
      settings: this.#settings,
      environment: this.#environment,
      build: this.#build,
      redactor: this.#redactor,
      onLost: this.#onFailure,
      log,
    });
    this.#cleanups.push(() => outbox.close());
    this.#cleanups.push(maintain({ outbox, onEnded: (end) => this.#onEnded(end), log }));
    return outbox;
  }

  #onEnded(end: StoreEnd): void {
    this.#metrics.deliver.ended({ ...end, ageSeconds: end.ageMs / 1000 });
    this.#targetWatch?.ended(end);
    this.#configuration.onEnded(end);
    if (this.#tracing !== undefined) traceEnd(this.#tracing, end);
  }

  async #listenEvents(outbox: Outbox): Promise<void> {
    const log = this.log.child({ logger: 'event-server' });
    const intake = createAccept({
      outbox: tracedOutbox(outbox, this.#tracing),
      decide: (event) => decide(event, this.#configuration.snapshots.current(), this.#context),
      onNotices: (event, notices) => this.#onNotices(event, notices),
      clock: systemClock,
      metrics: this.#metrics.intake,
      log,
    });
    this.#accept = intake.accept;
    const { rateLimitInterval, exportHttpPathMetrics, eventsAddr, gracePeriod } = this.#settings;
    this.#targetWatch = createTargetWatch({ emit: intake.accept, outbox, clock: systemClock, log });
    this.#targetWatch.start();
    const server = createEventServer({
      accept: intake.accept,
      clock: systemClock,
      metrics: this.#metrics.intake,
      log,
      windowMs: rateLimitInterval,
      exportPaths: exportHttpPathMetrics,
    });
    const listener: HttpListener = await server.listen(eventsAddr);
    this.#listeners.set('events', { host: eventsAddr.host, port: listener.port });
    this.#stopAccepting = async () => {
      await listener.close(Math.min(LAST_ANSWERS_MS, gracePeriod));
      this.#targetWatch?.stop();
      intake.stop();
    };
  }

  async #listenOthers(outbox: Outbox): Promise<void> {
    const { metricsAddr, healthAddr, adminAddr, receiverAddr } = this.#settings;
    const token = await ensureAdminToken(this.#settings.store);
    this.#redactor.add(token);
    const admin = createAdminApp({
      outbox,
      token,
      ...(this.#settings.manifests.length > 0 ? {} : { authority: this.#authority() }),
      explain: (event) => this.#explain(event),
      faults: () => this.#configuration.faults(),
      inspection: this.#inspection(outbox),
      log: this.log.child({ logger: 'admin' }),
    });
    const health = createHealthHandler({
      clock: systemClock,
      store: () => outbox.stats(),
      hasSnapshot: () => this.#configuration.snapshots.current() !== null,
      obstacle: () => this.#configuration.obstacle?.(),
    });
    await this.#listen('health', await listen(health, healthAddr, '--health-addr'));
    await this.#listen('metrics', await listen(createMetricsHandler(this.#metrics.registry), metricsAddr, '--metrics-addr'));
    await this.#listen('admin', await listen(admin, adminAddr, '--admin-addr'));
    await this.#listen('receiver', await listen(onReceiverRequest, receiverAddr, '--receiverAddr'));
    this.#metrics.watch({
      outbox: () => outbox.stats(),
      pausedTargets: async () => (await outbox.targets()).filter((target) => target.pausedUntilMs !== null).length,
    });
  }

  /** Nobody is known before the configuration has been opened. */
  #authority(): Authority {
    return { visitorOf: async (token) => this.#configuration.authority?.visitorOf(token) };
  }

  async #listen(name: keyof Application['addresses'], listener: Listener): Promise<void> {
    this.#listeners.set(name, listener);
    this.#cleanups.push(() => listener.close());
  }

  async #openConfiguration(): Promise<Configuration> {
    const configuration = await openConfiguration({
      settings: this.#settings,
      environment: this.#environment,
      redactor: this.#redactor,
      metrics: this.#metrics.cluster,
      log: this.log,
    });
    this.#opened = configuration;
    this.#cleanups.push(() => configuration.close());
    this.#watchSnapshot(configuration);
    return configuration;
  }

  #watchSnapshot(configuration: Configuration): void {
    const { snapshots } = configuration;
    let replacedMs = systemClock.monotonicMs();
    let last = snapshots.current();
    snapshots.subscribe((snapshot) => {
      if (snapshot !== last) replacedMs = systemClock.monotonicMs();
      last = snapshot;
    });
    this.#metrics.watch({
      snapshot: () => {
        const snapshot = snapshots.current();
        if (snapshot === null) return null;
        const ageSeconds = (systemClock.monotonicMs() - replacedMs) / 1000;
        return { ageSeconds, routes: snapshot.routes.size, targets: snapshot.targets.size, faults: configuration.faults().length };
      },
    });
  }

  #startRouter(outbox: Outbox, { snapshots }: Configuration): void {
    const router = createRouter({
      outbox: tracedOutbox(outbox, this.#tracing),
      snapshots,
      context: this.#context,
      metrics: this.#metrics.intake,
      onNotices: (notices, event) => this.#onNotices(event, notices),
      clock: systemClock,
      log: this.log.child({ logger: 'router' }),
    });
    router.start();
    this.#cleanups.push(() => router.stop());
  }

  #startDelivery(outbox: Outbox, configuration: Configuration): void {
    const delivery = openDelivery({
      outbox,
      configuration,
      settings: this.#settings,
      environment: this.#environment,
      redactor: this.#redactor,
      metrics: this.#metrics,
      ownListeners: () => [...this.#listeners.values()],
      onSettled: (settled) => {
        this.#targetWatch?.settled(settled);
        if (this.#tracing !== undefined) traceTry(this.#tracing, settled);
      },
      otherPools: this.#tracing === undefined ? [] : [TRACING_POOL],
      isTraced: this.#tracing !== undefined,
      log: this.log,
    });
    this.#delivery = delivery;
    this.#cleanups.push(() => delivery.close());
    this.#tracing?.start();
    this.#cleanups.push(() => this.#tracing?.stop());
    delivery.start();
  }

  #newTracing(endpoint: string): Tracing {
    return createTracing({
      endpoint,
      open: (signal) => {
        if (this.#delivery === undefined) throw new ConfigFault('delivery has not started yet');
        return this.#delivery.transport.open({ connection: { pool: TRACING_POOL, concurrency: 1 }, signal });
      },
      clock: systemClock,
      log: this.log.child({ logger: 'tracing' }),
      version: VERSION,
    });
  }

  #explain({ event }: Pick<StoredEvent, 'event'>): { verdicts: readonly Explained[]; revision: string } {
    const snapshot = this.#configuration.snapshots.current();
    if (snapshot === null) return { verdicts: [], revision: '' };
    return { verdicts: explainEvent(event, snapshot, this.#context), revision: snapshot.revision };
  }

  #inspection(outbox: Outbox): InspectionOptions {
    return {
      outbox,
      toEvent: (body) => toEvent({ body, nowMs: systemClock.nowMs(), windowMs: this.#settings.rateLimitInterval, origin: 'admin' }),
      submit: async (event) => {
        const [accepted] = await this.#accept([event]);
        return accepted ?? { outcome: 'invalid', message: 'the event was not taken' };
      },
      explainEvent: (event) => (this.#configuration.snapshots.current() === null ? null : this.#explain({ event })),
      targets: () => [...(this.#configuration.snapshots.current()?.targets.values() ?? [])],
      check: async (target) => this.#check(target),
    };
  }

  async #check(target: Target): Promise<CheckReport> {
    if (this.#delivery === undefined) throw new ConfigFault('delivery has not started yet; ask again in a moment');
    return checkTarget(target, this.#delivery.checkTools);
  }

  #onNotices(event: Event, notices: readonly Notice[]): void {
    for (const notice of notices) {
      const { route, reason, message, annotations } = notice;
      this.#configuration.onNotice(notice);
      this.log.warn(
        { eventId: event.id, alert: `${route.namespace}/${route.name}`, reason, message, annotations },
        'an Alert needs attention',
      );
    }
  }
}
