// Wires the parts into one running server. The only place that knows all of them.
import { randomUUID } from 'node:crypto';
import { createAdminApp } from '../internal/admin/admin-server.ts';
import { inspectionRoutes } from '../internal/admin/inspection-routes.ts';
import { catalog } from '../internal/catalog/catalog.ts';
import { openDirectory, type Directory } from '../internal/config/directory/directory.ts';
import { createResolver } from '../internal/credentials/resolver.ts';
import { createWorkloadIdentity } from '../internal/credentials/workload-identity.ts';
import { createTokenCache } from '../internal/credentials/token-cache.ts';
import { createDeliveryEngine, type DeliveryEngine } from '../internal/deliver/engine.ts';
import { createTargetWatch, type TargetWatch } from '../internal/deliver/target-watch.ts';
import { createFluxDialect } from '../internal/dialects/flux/dialect.ts';
import { statusId } from '../internal/enrich/commit-status.ts';
import type { Event } from '../internal/event/event.ts';
import { childTraceparent } from '../internal/event/trace.ts';
import { FLUX_DIALECT, projectFlux, toEvent } from '../internal/event/flux.ts';
import { createAccept } from '../internal/intake/accept.ts';
import type { Accept } from '../internal/intake/accept-port.ts';
import { createEventServer } from '../internal/intake/event-server.ts';
import type { HttpListener } from '../internal/intake/http-listener.ts';
import { openSqliteOutbox } from '../internal/outbox/sqlite/outbox.ts';
import type { Lease, Outbox, StoredEvent } from '../internal/outbox/store.ts';
import { decide, type DecideContext } from '../internal/routing/decide.ts';
import { type Explained, explainEvent } from '../internal/routing/explain.ts';
import type { LabelSource, Notice, SnapshotSource, Target } from '../internal/routing/route.ts';
import { createRouter } from '../internal/routing/router.ts';
import { type CheckReport, checkTarget, type CheckTools } from '../internal/preview/check.ts';
import type { IdentitySource } from '../internal/sdk/identity.ts';
import { ConfigFault } from '../internal/sdk/provider.ts';
import type { Logger } from '../internal/sdk/ports.ts';
import type { Transport } from '../internal/sdk/transport.ts';
import { toKey } from '../internal/sdk/target.ts';
import { createHealthHandler } from '../internal/telemetry/health.ts';
import { createLogger } from '../internal/telemetry/logger.ts';
import { createMetrics, type Metrics } from '../internal/telemetry/metrics.ts';
import { createMetricsHandler } from '../internal/telemetry/metrics-handler.ts';
import { createRedactor } from '../internal/telemetry/redactor.ts';
import { createTracing, type Tracing } from '../internal/telemetry/tracing.ts';
import { parseEgress } from '../internal/transport/egress.ts';
import { createTransport } from '../internal/transport/transport.ts';
import { ensureAdminToken } from './admin-token.ts';
import type { Environment } from './environment.ts';
import { listen, type Listener } from './listen.ts';
import { inNamespace } from './namespace-scope.ts';
import { onReceiverRequest } from './receiver-port.ts';
import type { ServeSettings } from './serve-flags.ts';
import { systemClock } from './system-clock.ts';
import { traceEnd, tracedOutbox, traceTry } from './traced-outbox.ts';
import { VERSION } from './version.ts';

const MAINTENANCE_MS = 1000;
const LAST_ANSWERS_MS = 2000;
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

/** Until the folder has been read there are no labels, no Secrets and no Snapshot. */
const NOTHING_YET: Pick<Directory, 'labels' | 'faults'> & { readonly snapshots: Pick<SnapshotSource, 'current'> } = {
  labels: { lookup: () => ({ state: 'unknown' }) },
  faults: () => [],
  snapshots: { current: () => null },
};

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
  #directory: Directory | undefined;
  #targetWatch: TargetWatch | undefined;
  /** Absent unless somebody wants traces. */
  readonly #tracing: Tracing | undefined;
  #transport: Transport | undefined;
  #accept: Accept = async (events) => events.map(() => ({ outcome: 'busy', retryAfterMs: LAST_ANSWERS_MS, message: 'not started yet' }));
  /** Reaches Providers the way that deliveries do; there once delivery has started. */
  #checkTools: CheckTools | undefined;
  #stopAccepting: () => Promise<void> = async () => undefined;
  #drain: () => Promise<void> = async () => undefined;

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
    this.#context = { labels, noCrossNamespaceRefs };
  }

  get addresses(): Application['addresses'] {
    const text = (name: keyof Application['addresses']): string => {
      const { host, port } = this.#listeners.get(name) ?? { host: '', port: 0 };
      return `${host.includes(':') ? `[${host}]` : host}:${port}`;
    };
    return { events: text('events'), receiver: text('receiver'), metrics: text('metrics'), health: text('health'), admin: text('admin') };
  }

  get #configuration(): typeof NOTHING_YET {
    return this.#directory ?? NOTHING_YET;
  }

  async start(): Promise<void> {
    const outbox = await this.#openOutbox();
    await this.#listenEvents(outbox);
    await this.#listenOthers(outbox);
    this.log.info(this.addresses, 'listening');
    const directory = await this.#readManifests();
    this.#startRouter(outbox, directory);
    this.#startDelivery(outbox, directory);
    this.log.info({ revision: directory.snapshots.current()?.revision }, 'serving');
  }

  async stop(): Promise<void> {
    // Both at once: what is accepted last is in the store, and the time for both together is short.
    await Promise.all([this.#safely(this.#stopAccepting), this.#safely(this.#drain)]);
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
    const outbox = await openSqliteOutbox({
      path: this.#settings.store,
      project: (_dialect, body) => projectFlux(body),
      clock: systemClock,
      random: Math.random,
      keepDeliveredMs: this.#settings.retention,
      onWriterDeath: (error) => this.#onFailure(error),
      ...this.#build,
    });
    this.#cleanups.push(() => outbox.close());
    this.#maintain(outbox);
    return outbox;
  }

  /** Small steps for ever; trouble of the store is logged when it begins and when it ends. */
  #maintain(outbox: Outbox): void {
    const log = this.log.child({ logger: 'outbox' });
    let failures = 0;
    let cancel: (() => void) | undefined;
    const step = async (): Promise<void> => {
      try {
        const { clockJumpMs, ended, recovered } = await outbox.maintain();
        for (const end of ended) {
          this.#metrics.deliver.ended({ ...end, ageSeconds: end.ageMs / 1000 });
          this.#targetWatch?.ended(end);
          if (this.#tracing !== undefined) traceEnd(this.#tracing, end);
        }
        if (failures > 0) log.info({ failures }, 'the store is well again');
        failures = 0;
        if (clockJumpMs !== 0) log.warn({ clockJumpMs }, 'the clock jumped; times were shifted and nothing is pruned for an hour');
        if (recovered > 0) log.warn({ deliveries: recovered }, 'leases that nobody settled were taken back');
      } catch (error) {
        failures += 1;
        if (failures === 1) log.error({ error }, 'the store cannot be maintained');
      }
      cancel = systemClock.schedule(MAINTENANCE_MS, () => void step());
    };
    cancel = systemClock.schedule(MAINTENANCE_MS, () => void step());
    this.#cleanups.push(() => cancel?.());
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
      explain: (event) => this.#explain(event),
      faults: () => this.#configuration.faults(),
      routes: [this.#inspection(outbox)],
      log: this.log.child({ logger: 'admin' }),
    });
    const health = createHealthHandler({
      clock: systemClock,
      store: () => outbox.stats(),
      hasSnapshot: () => this.#configuration.snapshots.current() !== null,
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

  async #listen(name: keyof Application['addresses'], listener: Listener): Promise<void> {
    this.#listeners.set(name, listener);
    this.#cleanups.push(() => listener.close());
  }

  async #readManifests(): Promise<Directory> {
    const { manifests, secrets, watchAllNamespaces } = this.#settings;
    const dialect = createFluxDialect({ catalog });
    const directory = await openDirectory({
      paths: manifests,
      ...(secrets === undefined ? {} : { secretsPath: secrets }),
      dialect: watchAllNamespaces ? dialect : inNamespace(dialect, this.#environment.runtimeNamespace ?? ''),
      clock: systemClock,
      log: this.log.child({ logger: 'manifests' }),
      watch: true,
    });
    this.#directory = directory;
    this.#cleanups.push(() => directory.close());
    this.#watchSnapshot(directory);
    return directory;
  }

  #watchSnapshot(directory: Directory): void {
    const { snapshots } = directory;
    let replacedMs = systemClock.monotonicMs();
    snapshots.subscribe(() => {
      replacedMs = systemClock.monotonicMs();
    });
    this.#metrics.watch({
      snapshot: () => {
        const snapshot = snapshots.current();
        if (snapshot === null) return null;
        const ageSeconds = (systemClock.monotonicMs() - replacedMs) / 1000;
        return { ageSeconds, routes: snapshot.routes.size, targets: snapshot.targets.size, faults: directory.faults().length };
      },
    });
  }

  #startRouter(outbox: Outbox, { snapshots }: Directory): void {
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

  #startDelivery(outbox: Outbox, { snapshots, secrets }: Directory): void {
    const { egressAllow, egressDeny, featureGates, gracePeriod, tokenCacheMaxDuration, tokenCacheMaxSize } = this.#settings;
    const transport = createTransport({
      environment: this.#environment,
      ...(this.#environment.trustedCa === undefined ? {} : { extraCa: this.#environment.trustedCa }),
      egress: parseEgress({ deny: egressDeny, allow: egressAllow, denyLoopback: false }),
      ownListeners: () => [...this.#listeners.values()],
      clock: systemClock,
      userAgent: `tocsin/${VERSION}`,
    });
    this.#transport = transport;
    this.#cleanups.push(() => transport.close());
    this.#tracing?.start();
    this.#cleanups.push(() => this.#tracing?.stop());
    const resolver = createResolver({
      secrets,
      redactor: this.#redactor,
      featureGates: { objectLevelWorkloadIdentity: featureGates.ObjectLevelWorkloadIdentity },
    });
    const tokens = createTokenCache({
      clock: systemClock,
      redactor: this.#redactor,
      maxSize: tokenCacheMaxSize,
      maxDurationMs: tokenCacheMaxDuration,
      observe: this.#metrics.tokenCache,
    });
    const identity = this.#newIdentity();
    this.#checkTools = {
      resolve: (target) => resolver.resolve(target),
      transport,
      redactor: this.#redactor,
      tokens: (key, acquire) => tokens.token(key, acquire),
      identity,
      clock: systemClock,
      log: this.log.child({ logger: 'check' }),
    };
    const engine = createDeliveryEngine({
      outbox,
      findTarget: (key) => snapshots.current()?.targets.get(key),
      resolve: (target) => resolver.resolve(target),
      transport,
      redactor: this.#redactor,
      tokens: (key, acquire) => tokens.token(key, acquire),
      identity,
      environment: this.#environment.forProviders,
      statusIdFor: (target, lease) => statusIdFor(snapshots, target, lease),
      clock: systemClock,
      random: Math.random,
      owner: randomUUID(),
      log: this.log.child({ logger: 'deliver' }),
      metrics: this.#metrics.deliver,
      // The engine logs each failure itself; in a cluster this also becomes an Event on the Alert.
      onFailure: () => undefined,
      onSettled: (settled) => {
        this.#targetWatch?.settled(settled);
        if (this.#tracing !== undefined) traceTry(this.#tracing, settled);
      },
      ...(this.#tracing === undefined ? {} : { traceparentOf: childTraceparent }),
    });
    snapshots.subscribe((snapshot, changedTargets) => {
      void transport.retain(new Set([...snapshot.targets.keys(), TRACING_POOL]));
      this.#wake(outbox, engine, changedTargets);
    });
    engine.start();
    this.#wake(outbox, engine, [...(snapshots.current()?.targets.keys() ?? [])]);
    this.#drain = () => engine.drain(gracePeriod);
  }

  #newTracing(endpoint: string): Tracing {
    return createTracing({
      endpoint,
      open: (signal) => {
        if (this.#transport === undefined) throw new ConfigFault('delivery has not started yet');
        return this.#transport.open({ connection: { pool: TRACING_POOL, concurrency: 1 }, signal });
      },
      clock: systemClock,
      log: this.log.child({ logger: 'tracing' }),
      version: VERSION,
    });
  }

  /** In a folder nobody can issue tokens of service accounts; Tocsin's own identity is what the environment says. */
  #newIdentity(): IdentitySource {
    const { featureGates, defaultServiceAccount } = this.#settings;
    const { identity, azureAuthority } = this.#environment;
    return createWorkloadIdentity({
      featureGates: { objectLevelWorkloadIdentity: featureGates.ObjectLevelWorkloadIdentity },
      defaultServiceAccount,
      controller: identity,
      ...(azureAuthority === undefined ? {} : { endpoints: { azureAuthority } }),
      clock: systemClock,
      redactor: this.#redactor,
    });
  }

  /** What waited for a Provider or its Secrets is tried again now that they changed. */
  #wake(outbox: Outbox, engine: DeliveryEngine, changedTargets: readonly string[]): void {
    if (changedTargets.length === 0) return;
    outbox.wake(changedTargets).then(
      () => engine.wake(),
      (error: unknown) =>
        this.log.warn({ error, targets: changedTargets.length }, 'changed Providers could not be woken; they are tried on schedule'),
    );
  }

  #explain({ event }: Pick<StoredEvent, 'event'>): { verdicts: readonly Explained[]; revision: string } {
    const snapshot = this.#configuration.snapshots.current();
    if (snapshot === null) return { verdicts: [], revision: '' };
    return { verdicts: explainEvent(event, snapshot, this.#context), revision: snapshot.revision };
  }

  #inspection(outbox: Outbox): ReturnType<typeof inspectionRoutes> {
    return inspectionRoutes({
      outbox,
      toEvent: (body) => toEvent({ body, nowMs: systemClock.nowMs(), windowMs: this.#settings.rateLimitInterval, origin: 'admin' }),
      submit: async (event) => {
        const [accepted] = await this.#accept([event]);
        return accepted ?? { outcome: 'invalid', message: 'the event was not taken' };
      },
      explainEvent: (event) => (this.#configuration.snapshots.current() === null ? null : this.#explain({ event })),
      targets: () => [...(this.#configuration.snapshots.current()?.targets.values() ?? [])],
      check: async (target) => this.#check(target),
    });
  }

  async #check(target: Target): Promise<CheckReport> {
    if (this.#checkTools === undefined) throw new ConfigFault('delivery has not started yet; ask again in a moment');
    return checkTarget(target, this.#checkTools);
  }

  #onNotices(event: Event, notices: readonly Notice[]): void {
    for (const { route, reason, message, annotations } of notices) {
      this.log.warn(
        { eventId: event.id, alert: `${route.namespace}/${route.name}`, reason, message, annotations },
        'an Alert needs attention',
      );
    }
  }
}

function statusIdFor(snapshots: SnapshotSource, target: Target, { delivery, event }: Lease): string {
  const alert = snapshots.current()?.routes.get(toKey(delivery.route))?.object;
  if (alert === undefined) throw new ConfigFault(`the Alert ${delivery.route.namespace}/${delivery.route.name} is gone`);
  const result = statusId(target, alert, { ...event.flux, metadata: delivery.metadata });
  if ('error' in result) throw new ConfigFault(result.error);
  return result.id;
}
