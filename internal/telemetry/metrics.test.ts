import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics, type Metrics } from './metrics.ts';

const OPTIONS = { types: ['generic', 'slack'], dialects: ['flux'], process: false };
const NAMES = { target: { namespace: 'apps', name: 'chat' }, route: { namespace: 'apps', name: 'all' } };

async function shown(metrics: Metrics): Promise<readonly string[]> {
  return (await metrics.registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

test('series of ours exist at zero from the start', async () => {
  const lines = await shown(createMetrics(OPTIONS));
  for (const want of [
    'tocsin_events_total{dialect="flux",outcome="accepted"} 0',
    'tocsin_events_total{dialect="flux",outcome="busy"} 0',
    'tocsin_verdicts_total{dialect="flux",verdict="matched",reason=""} 0',
    'tocsin_delivery_attempts_total{type="generic",outcome="delivered",reason=""} 0',
    'tocsin_delivery_attempts_total{type="slack",outcome="retry",reason="timeout"} 0',
    'tocsin_deliveries_total{type="slack",state="dead",reason="expired"} 0',
    'tocsin_delivery_duration_seconds_count{type="generic"} 0',
    'tocsin_delivery_age_seconds_count{type="generic",state="delivered"} 0',
    'tocsin_breaker_changes_total{type="generic",change="opened"} 0',
    'tocsin_outbox_deliveries{state="waiting"} 0',
    'gotk_event_http_requests_inflight{service="",handler="/"} 0',
    'gotk_token_cache_requests_total{status="failure"} 0',
    'gotk_token_cached_items 0',
  ]) {
    assert.ok(lines.includes(want), want);
  }
  assert.ok(lines.length < 1000, `${lines.length} series`);
});

test('requests are counted as notification-controller counts them', async () => {
  const metrics = createMetrics(OPTIONS);
  metrics.intake.requestStarted('/a');
  metrics.intake.requestStarted('/b');
  metrics.intake.requestFinished({ path: '/a', method: 'POST', code: 202, seconds: 0.003, bytes: 0 });

  const lines = await shown(metrics);

  for (const want of [
    'gotk_event_http_request_duration_seconds_bucket{le="0.005",service="",handler="/",method="POST",code="202"} 1',
    'gotk_event_http_request_duration_seconds_count{service="",handler="/",method="POST",code="202"} 1',
    'gotk_event_http_response_size_bytes_bucket{le="1000000000",service="",handler="/",method="POST",code="202"} 1',
    'gotk_event_http_requests_inflight{service="",handler="/"} 1',
  ]) {
    assert.ok(lines.includes(want), want);
  }
});

test('paths and types that others choose do not multiply series', async () => {
  const metrics = createMetrics({ ...OPTIONS, exportPaths: true });
  for (let number = 0; number < 500; number++) {
    metrics.intake.requestStarted(`/${number}`);
    metrics.intake.requestFinished({ path: `/${number}`, method: 'POST', code: 202, seconds: 0, bytes: 0 });
    metrics.deliver.attempted({ type: `type-${number}`, outcome: 'deferred', reason: 'config', seconds: 0 });
    metrics.deliver.ended({ type: `type-${number}`, state: 'dead', reason: 'expired', ageSeconds: 1, ...NAMES });
  }

  const lines = await shown(metrics);

  assert.equal(lines.filter((line) => line.startsWith('gotk_event_http_requests_inflight')).length, 101);
  assert.ok(lines.includes('gotk_event_http_requests_inflight{service="",handler="other"} 0'));
  assert.ok(lines.includes('tocsin_delivery_attempts_total{type="other",outcome="deferred",reason="config"} 500'));
  assert.ok(lines.includes('tocsin_deliveries_total{type="other",state="dead",reason="expired"} 500'));
});

test('gauges look once per scrape, and a store in trouble does not hide the rest', async () => {
  const metrics = createMetrics(OPTIONS);
  let looks = 0;
  let isBroken = false;
  metrics.watch({
    outbox: async () => {
      looks += 1;
      if (isBroken) throw new Error('disk');
      return { states: { waiting: 3, dead: 2 }, events: 9, pendingEvents: 1, bytes: 4096, writable: true, persistent: false };
    },
  });
  metrics.watch({ pausedTargets: async () => 4, snapshot: () => ({ ageSeconds: 12, routes: 5, targets: 6, faults: 7 }) });

  const lines = await shown(metrics);

  for (const want of [
    'tocsin_outbox_deliveries{state="waiting"} 3',
    'tocsin_outbox_deliveries{state="dead"} 2',
    'tocsin_outbox_pending_events 1',
    'tocsin_outbox_bytes 4096',
    'tocsin_outbox_writable 1',
    'tocsin_store_persistent 0',
    'tocsin_breaker_open 4',
    'tocsin_snapshot_age_seconds 12',
    'tocsin_manifest_faults 7',
  ]) {
    assert.ok(lines.includes(want), want);
  }
  assert.equal(looks, 1);

  isBroken = true;
  const later = await shown(metrics);
  assert.equal(looks, 2);
  assert.ok(later.includes('tocsin_outbox_writable 0'));
  assert.ok(later.includes('tocsin_snapshot_routes 5'));
});

test('the token cache is counted without naming objects or keys', async () => {
  const metrics = createMetrics(OPTIONS);
  for (let number = 0; number < 100; number++) metrics.tokenCache.asked(`key-${number}`, number % 4 !== 0);
  metrics.tokenCache.acquired('success');
  metrics.tokenCache.items(3);
  metrics.tokenCache.evicted();

  const lines = await shown(metrics);

  for (const want of [
    'gotk_token_cache_events_total{event_type="cache_hit",kind="Provider",name="",namespace="",operation="post"} 75',
    'gotk_token_cache_events_total{event_type="cache_miss",kind="Provider",name="",namespace="",operation="post"} 25',
    'gotk_token_cache_requests_total{status="success"} 1',
    'gotk_token_cached_items 3',
    'gotk_token_cache_evictions_total 1',
  ]) {
    assert.ok(lines.includes(want), want);
  }
});

test('requests to the API server and the lease are shown under the names of the framework', async () => {
  const { cluster, registry } = createMetrics(OPTIONS);
  const host = '10.96.0.1:443';
  for (const code of ['200', '200', '<error>']) cluster.answered({ method: 'GET', code, host });
  cluster.watchEnded({ plural: 'alerts', cause: 'gone' });
  cluster.leads('lease', true);
  cluster.leads('lease', false);
  cluster.reread('other');

  const lines = (await registry.metrics()).split('\n');

  for (const want of [
    'rest_client_requests_total{code="200",method="GET",host="10.96.0.1:443"} 2',
    'rest_client_requests_total{code="<error>",method="GET",host="10.96.0.1:443"} 1',
    'tocsin_cluster_watches_ended_total{resource="alerts",cause="gone"} 1',
    'leader_election_master_status{name="lease"} 0',
    'leader_election_slowpath_total{name="lease"} 0',
    'leader_election_slowpath_total{name="other"} 1',
  ]) {
    assert.ok(lines.includes(want), want);
  }
});

test('series of objects exist where they are wanted, and are bounded', async () => {
  const end = { type: 'slack', state: 'delivered', reason: '', ageSeconds: 1 };
  const without = createMetrics(OPTIONS);
  without.deliver.ended({ ...end, ...NAMES });
  assert.ok(!(await shown(without)).some((line) => line.startsWith('tocsin_object_')));

  const metrics = createMetrics({ ...OPTIONS, exportObjects: true });
  const ofObjects = async (): Promise<readonly string[]> =>
    (await shown(metrics)).filter((line) => line.startsWith('tocsin_object_deliveries_total'));
  assert.deepEqual(await ofObjects(), []);
  metrics.deliver.ended({ ...end, ...NAMES });
  assert.deepEqual(await ofObjects(), [
    'tocsin_object_deliveries_total{kind="Alert",namespace="apps",name="all",state="delivered"} 1',
    'tocsin_object_deliveries_total{kind="Provider",namespace="apps",name="chat",state="delivered"} 1',
  ]);

  for (let number = 0; number < 1_500; number++) {
    metrics.deliver.ended({ ...end, ...NAMES, route: { namespace: 'apps', name: `alert-${number}` } });
  }
  assert.equal((await ofObjects()).length, 1_000);
  assert.ok((await shown(metrics)).includes('tocsin_object_deliveries_left_out_total 502'));
});
