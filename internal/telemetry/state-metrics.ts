// Gauges of what is now: they look at the outbox and the Snapshot when somebody scrapes, once per scrape.
import { Gauge, type Registry } from 'prom-client';

/** The part of the outbox's statistics that is shown. */
export interface OutboxState {
  readonly states: Readonly<Record<string, number>>;
  readonly events: number;
  readonly pendingEvents: number;
  readonly bytes: number;
  readonly writable: boolean;
  readonly persistent: boolean;
}

export interface SnapshotState {
  readonly ageSeconds: number;
  readonly routes: number;
  readonly targets: number;
  /** Manifests that do not serve as they stand. */
  readonly faults: number;
}

export interface StateSources {
  readonly outbox?: () => Promise<OutboxState>;
  /** Targets that the breaker pauses now. */
  readonly pausedTargets?: () => Promise<number>;
  /** null until the first Snapshot serves. */
  readonly snapshot?: () => SnapshotState | null;
}

const STATES = ['waiting', 'leased', 'delivered', 'superseded', 'cancelled', 'dead'];

/** Registers the gauges; the returned function says where they look. */
export function createStateMetrics(registry: Registry): (sources: StateSources) => void {
  let sources: StateSources = {};
  let refreshing: Promise<void> | undefined;
  const collect = async (): Promise<void> => {
    // All gauges of one scrape share one look.
    refreshing ??= refresh(gauges, sources).finally(() => {
      refreshing = undefined;
    });
    await refreshing;
  };
  const gauges = createGauges(registry, collect);
  for (const state of STATES) gauges.deliveries.set({ state }, 0);
  return (more) => {
    sources = { ...sources, ...more };
  };
}

interface Gauges {
  readonly deliveries: Gauge<'state'>;
  readonly events: Gauge;
  readonly pendingEvents: Gauge;
  readonly bytes: Gauge;
  readonly writable: Gauge;
  readonly persistent: Gauge;
  readonly pausedTargets: Gauge;
  readonly snapshotAge: Gauge;
  readonly routes: Gauge;
  readonly targets: Gauge;
  readonly faults: Gauge;
}

function createGauges(registry: Registry, collect: () => Promise<void>): Gauges {
  const gauge = (name: string, help: string): Gauge => new Gauge({ name: `tocsin_${name}`, help, registers: [registry], collect });
  return {
    deliveries: new Gauge({
      name: 'tocsin_outbox_deliveries',
      help: 'Deliveries in the store by state.',
      labelNames: ['state'],
      registers: [registry],
      collect,
    }),
    events: gauge('outbox_events', 'Events in the store.'),
    pendingEvents: gauge('outbox_pending_events', 'Events with a verdict that cannot be known yet.'),
    bytes: gauge('outbox_bytes', 'Size of the store.'),
    writable: gauge('outbox_writable', 'Whether the store can be written: 1 or 0.'),
    persistent: gauge('store_persistent', 'Whether the store outlives the machine: 0 when it is on a temporary file system.'),
    pausedTargets: gauge('breaker_open', 'Targets that are paused after repeated failures.'),
    snapshotAge: gauge('snapshot_age_seconds', 'Time since the configuration was last replaced.'),
    routes: gauge('snapshot_routes', 'Routes that serve.'),
    targets: gauge('snapshot_targets', 'Targets that serve.'),
    faults: gauge('manifest_faults', 'Manifests that do not serve as they stand.'),
  };
}

async function refresh(gauges: Gauges, sources: StateSources): Promise<void> {
  await Promise.all([refreshOutbox(gauges, sources), refreshPaused(gauges, sources)]);
  const snapshot = sources.snapshot?.();
  if (snapshot === undefined || snapshot === null) return;
  gauges.snapshotAge.set(snapshot.ageSeconds);
  gauges.routes.set(snapshot.routes);
  gauges.targets.set(snapshot.targets);
  gauges.faults.set(snapshot.faults);
}

async function refreshOutbox(gauges: Gauges, { outbox }: StateSources): Promise<void> {
  if (outbox === undefined) return;
  try {
    const stats = await outbox();
    for (const state of STATES) gauges.deliveries.set({ state }, stats.states[state] ?? 0);
    gauges.events.set(stats.events);
    gauges.pendingEvents.set(stats.pendingEvents);
    gauges.bytes.set(stats.bytes);
    gauges.writable.set(Number(stats.writable));
    gauges.persistent.set(Number(stats.persistent));
  } catch {
    // A store that cannot even be asked is not writable; a scrape must still show everything else.
    gauges.writable.set(0);
  }
}

async function refreshPaused(gauges: Gauges, { pausedTargets }: StateSources): Promise<void> {
  if (pausedTargets === undefined) return;
  try {
    gauges.pausedTargets.set(await pausedTargets());
  } catch {
    // The store's trouble shows in tocsin_outbox_writable; the last known number stays.
  }
}
