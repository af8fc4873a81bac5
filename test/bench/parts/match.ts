// Matching alone: what deciding about one event costs, and what one changed Alert costs.
//
//   node match.ts ALERTS spread|all
import { decide } from '../../../internal/routing/decide.ts';
import { nextSnapshot } from '../../../internal/routing/snapshot.ts';
import { loadFleet, toFleetEvent } from './fleet.ts';

const SECONDS = 1.5;
const [alerts = '1', shape = 'spread'] = process.argv.slice(2);
const fleet = { alerts: Number(alerts), shape: shape === 'all' ? 'all' : 'spread' } as const;

const { snapshot, labels, loadMs } = await loadFleet(fleet);
const context = { labels, noCrossNamespaceRefs: false };
const events = Array.from({ length: 2_000 }, (_, number) => toFleetEvent(number, fleet));

function decideFor(seconds: number): {
  readonly count: number;
  readonly matched: number;
  readonly candidates: number;
  readonly elapsedMs: number;
} {
  const startedAtMs = performance.now();
  let count = 0;
  let matched = 0;
  let candidates = 0;
  while (performance.now() - startedAtMs < seconds * 1000) {
    const event = events[count % events.length];
    if (event === undefined) break;
    const decision = decide(event, snapshot, context);
    matched += decision.deliveries.length;
    candidates += decision.verdicts.length;
    count += 1;
  }
  return { count, matched, candidates, elapsedMs: performance.now() - startedAtMs };
}

/** Milliseconds that one changed Alert costs. */
function changeRoutes(count: number): number {
  const [route] = snapshot.routes.values();
  if (route === undefined) return 0;
  const startedAtMs = performance.now();
  let current = snapshot;
  for (let index = 0; index < count; index += 1) {
    const changed = { ...route, hash: `${route.hash}${index}` };
    current = nextSnapshot(current, { upsertRoutes: [changed], removeRoutes: [], upsertTargets: [], removeTargets: [] });
  }
  return (performance.now() - startedAtMs) / count;
}

decideFor(0.5);
const measured = decideFor(SECONDS);

const changeMs = changeRoutes(50);

process.stdout.write(
  `${JSON.stringify({
    perSecond: measured.count / (measured.elapsedMs / 1000),
    candidates: measured.candidates / measured.count,
    matches: measured.matched / measured.count,
    loadMs,
    changeMs,
  })}\n`,
);
