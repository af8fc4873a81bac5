// Everything between the outbox and the outside: how requests travel, with which credentials, and who sends.
import { randomUUID } from 'node:crypto';
import { createResolver } from '../internal/credentials/resolver.ts';
import { createTokenCache } from '../internal/credentials/token-cache.ts';
import { createWorkloadIdentity, type ServiceAccountTokens } from '../internal/credentials/workload-identity.ts';
import { createDeliveryEngine, type DeliveryEngine } from '../internal/deliver/engine.ts';
import type { Settled } from '../internal/deliver/reporting.ts';
import { statusId } from '../internal/enrich/commit-status.ts';
import { targetUrl } from '../internal/enrich/target-url.ts';
import { childTraceparent } from '../internal/event/trace.ts';
import type { Lease, Outbox } from '../internal/outbox/store.ts';
import type { CheckTools } from '../internal/preview/check.ts';
import type { Snapshot, SnapshotSource, Target } from '../internal/routing/route.ts';
import type { IdentitySource } from '../internal/sdk/identity.ts';
import type { Logger } from '../internal/sdk/ports.ts';
import { ConfigFault } from '../internal/sdk/provider.ts';
import { toKey } from '../internal/sdk/target.ts';
import type { Redactor, Transport } from '../internal/sdk/transport.ts';
import type { Metrics } from '../internal/telemetry/metrics.ts';
import { parseEgress } from '../internal/transport/egress.ts';
import { createTransport } from '../internal/transport/transport.ts';
import type { Configuration } from './configuration.ts';
import type { Environment } from './environment.ts';
import type { ServeSettings } from './serve-flags.ts';
import { systemClock } from './system-clock.ts';
import { VERSION } from './version.ts';

export interface DeliveryOptions {
  readonly outbox: Outbox;
  readonly configuration: Configuration;
  readonly settings: ServeSettings;
  readonly environment: Environment;
  readonly redactor: Redactor;
  readonly metrics: Pick<Metrics, 'deliver' | 'tokenCache'>;
  /** Never sent to. */
  readonly ownListeners: () => readonly { readonly host: string; readonly port: number }[];
  readonly onSettled: (settled: Settled) => void;
  /** Connections that belong to no Target and are kept. */
  readonly otherPools: readonly string[];
  readonly isTraced: boolean;
  readonly log: Logger;
}

export interface Delivery {
  readonly transport: Transport;
  /** Reaches Providers the way that deliveries do. */
  readonly checkTools: CheckTools;
  /** Sends from the first Snapshot on. */
  start(): void;
  /** Stops sending within the grace period. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** Builds the parts; nothing is sent before `start`. */
export function openDelivery(options: DeliveryOptions): Delivery {
  const transport = openTransport(options);
  const shared = sharedTools(options, transport);
  const engine = openEngine(options, shared);
  const { configuration, log, otherPools, outbox, settings } = options;
  const { snapshots } = configuration;
  const wake = (changedTargets: readonly string[]): void => wakeTargets({ outbox, engine, log }, changedTargets);
  let isSending = false;
  return {
    transport,
    checkTools: { ...shared, log: log.child({ logger: 'check' }) },
    start: () => {
      snapshots.subscribe((snapshot, changedTargets) => {
        if (changedTargets.length === 0) return;
        void transport.retain(new Set([...snapshot.targets.keys(), ...otherPools]));
        wake(changedTargets);
      });
      whenFirst(snapshots, (snapshot) => {
        engine.start();
        isSending = true;
        wake([...snapshot.targets.keys()]);
        log.info({ revision: snapshot.revision }, 'serving');
      });
    },
    drain: async () => {
      if (isSending) await engine.drain(settings.gracePeriod);
    },
    close: () => transport.close(),
  };
}

type SharedTools = Omit<CheckTools, 'log'>;

function openTransport({ configuration, environment, ownListeners, settings }: DeliveryOptions): Transport {
  const { egressAllow, egressDeny } = settings;
  return createTransport({
    environment,
    ...(environment.trustedCa === undefined ? {} : { extraCa: environment.trustedCa }),
    egress: parseEgress({ deny: egressDeny, allow: egressAllow, denyLoopback: configuration.isCluster }),
    ownListeners,
    clock: systemClock,
    userAgent: `tocsin/${VERSION}`,
  });
}

/** What an attempt and a check have in common. */
function sharedTools({ configuration, environment, metrics, redactor, settings }: DeliveryOptions, transport: Transport): SharedTools {
  const { featureGates, tokenCacheMaxDuration, tokenCacheMaxSize } = settings;
  const resolver = createResolver({
    secrets: configuration.secrets,
    redactor,
    featureGates: { objectLevelWorkloadIdentity: featureGates.ObjectLevelWorkloadIdentity },
  });
  const tokens = createTokenCache({
    clock: systemClock,
    redactor,
    maxSize: tokenCacheMaxSize,
    maxDurationMs: tokenCacheMaxDuration,
    observe: metrics.tokenCache,
  });
  return {
    resolve: (target) => resolver.resolve(target),
    transport,
    redactor,
    tokens: (key, acquire) => tokens.token(key, acquire),
    identity: newIdentity({ settings, environment, redactor }, configuration.accounts),
    environment: environment.forProviders,
    clock: systemClock,
  };
}

/** Tocsin's own identity is what the environment says. */
function newIdentity(
  { settings, environment, redactor }: Pick<DeliveryOptions, 'settings' | 'environment' | 'redactor'>,
  accounts: ServiceAccountTokens | undefined,
): IdentitySource {
  const { featureGates, defaultServiceAccount } = settings;
  const { identity, azureAuthority } = environment;
  return createWorkloadIdentity({
    ...(accounts === undefined ? {} : { accounts }),
    featureGates: { objectLevelWorkloadIdentity: featureGates.ObjectLevelWorkloadIdentity },
    defaultServiceAccount,
    controller: identity,
    ...(azureAuthority === undefined ? {} : { endpoints: { azureAuthority } }),
    clock: systemClock,
    redactor,
  });
}

function openEngine({ configuration, isTraced, log, metrics, onSettled, outbox }: DeliveryOptions, shared: SharedTools): DeliveryEngine {
  const { snapshots } = configuration;
  return createDeliveryEngine({
    ...shared,
    outbox,
    findTarget: (key) => snapshots.current()?.targets.get(key),
    statusIdFor: (target, lease) => statusIdFor(snapshots, target, lease),
    targetUrlFor: (target, lease) => targetUrlFor(snapshots, target, lease),
    random: Math.random,
    owner: randomUUID(),
    log: log.child({ logger: 'deliver' }),
    metrics: metrics.deliver,
    onFailure: configuration.onFailure,
    onSettled: (settled) => {
      configuration.onSettled(settled);
      onSettled(settled);
    },
    ...(isTraced ? { traceparentOf: childTraceparent } : {}),
  });
}

/** What waited for a Provider or its Secrets is tried again now that they changed. */
function wakeTargets(
  { outbox, engine, log }: Pick<DeliveryOptions, 'outbox' | 'log'> & { readonly engine: DeliveryEngine },
  changedTargets: readonly string[],
): void {
  if (changedTargets.length === 0) return;
  engine.targetsChanged(changedTargets);
  outbox.wake(changedTargets).then(
    () => engine.wake(),
    (error: unknown) =>
      log.warn({ error, targets: changedTargets.length }, 'changed Providers could not be woken; they are tried on schedule'),
  );
}

/** Calls back once, with the first Snapshot: before it, every Target would count as gone. */
function whenFirst(snapshots: SnapshotSource, onFirst: (snapshot: Snapshot) => void): void {
  const first = snapshots.current();
  if (first !== null) return onFirst(first);
  const unsubscribe = snapshots.subscribe((snapshot) => {
    unsubscribe();
    onFirst(snapshot);
  });
}

function statusIdFor(snapshots: SnapshotSource, target: Target, { delivery, event }: Lease): string {
  const alert = snapshots.current()?.routes.get(toKey(delivery.route))?.object;
  if (alert === undefined) throw new ConfigFault(`the Alert ${delivery.route.namespace}/${delivery.route.name} is gone`);
  const result = statusId(target, alert, { ...event.flux, metadata: delivery.metadata });
  if ('error' in result) throw new ConfigFault(result.error);
  return result.id;
}

/** A status whose Alert is gone links to nothing, since the expression may name the Alert. */
function targetUrlFor(snapshots: SnapshotSource, target: Target, { delivery, event }: Lease): string | undefined {
  const alert = snapshots.current()?.routes.get(toKey(delivery.route))?.object;
  const result = alert && targetUrl(target, alert, { ...event.flux, metadata: delivery.metadata });
  if (result !== undefined && 'error' in result) throw new ConfigFault(result.error);
  return result?.url;
}
