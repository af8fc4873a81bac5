// The outbox alone: events with one delivery each go in with 64 waiting, and are leased and settled afterwards.
//
//   node outbox.ts FILE SECONDS
import { systemClock } from '../../../cmd/system-clock.ts';
import { projectFlux } from '../../../internal/event/flux.ts';
import { openSqliteOutbox } from '../../../internal/outbox/sqlite/outbox.ts';
import type { Outbox } from '../../../internal/outbox/store.ts';
import { decide } from '../../../internal/routing/decide.ts';
import { quantile } from '../statistics.ts';
import { loadFleet, toFleetEvent } from './fleet.ts';

const IN_FLIGHT = 64;
/** As many as one Target has in flight. */
const LEASES = 8;
const LEASE_MS = 60_000;
const FLEET = { alerts: 1, shape: 'spread' } as const;
const [path = '', seconds = '3'] = process.argv.slice(2);

const { snapshot, labels } = await loadFleet(FLEET);
const outbox = await openSqliteOutbox({ path, project: (_dialect, body) => projectFlux(body), clock: systemClock, random: Math.random });
const latencies: number[] = [];

async function append(untilMs: number): Promise<void> {
  while (performance.now() < untilMs) {
    const event = toFleetEvent(latencies.length * IN_FLIGHT + Math.floor(Math.random() * 1e9), FLEET);
    const { verdicts, deliveries, revision } = decide(event, snapshot, { labels, noCrossNamespaceRefs: false });
    const startedAtMs = performance.now();
    await outbox.append([{ event, verdicts, deliveries, revision }]);
    latencies.push(performance.now() - startedAtMs);
  }
}

async function settleAll(store: Outbox): Promise<number> {
  let settled = 0;
  for (;;) {
    const leases = await store.lease({ owner: 'bench', limit: LEASES, leaseMs: LEASE_MS, waitMs: 200 });
    if (leases.length === 0) return settled;
    await store.settle(
      leases.map(({ delivery, token }) => ({
        deliveryId: delivery.id,
        token,
        outcome: { kind: 'delivered' },
        attempt: { durationMs: 1, outcome: 'delivered', exchanges: [] },
      })),
    );
    settled += leases.length;
  }
}

const startMs = performance.now();
await Promise.all(Array.from({ length: IN_FLIGHT }, () => append(startMs + Number(seconds) * 1000)));
const appendSeconds = (performance.now() - startMs) / 1000;
const settleStartMs = performance.now();
const settled = await settleAll(outbox);
const settleSeconds = (performance.now() - settleStartMs) / 1000;
await outbox.close();
latencies.sort((a, b) => a - b);
process.stdout.write(
  `${JSON.stringify({
    appendsPerSecond: latencies.length / appendSeconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    settlesPerSecond: settled / settleSeconds,
    settled,
  })}\n`,
);
