import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../test/support/clock.ts';
import { KubeApi } from '../../test/support/kube-api.ts';
import { createRecorder, createTestClient, THINGS } from '../../test/support/kube-client.ts';
import { settleDown, until } from '../../test/support/until.ts';
import { Pace } from './pace.ts';

/** Asks for as many turns and counts those that were given. */
function queue(pace: Pace, count: number): { given: number } {
  const result = { given: 0 };
  for (let index = 0; index < count; index++) void pace.turn().then(() => (result.given += 1));
  return result;
}

test('a burst goes at once, the rest at the rate, and a rest fills the bucket again', async () => {
  const clock = new ManualClock();
  const pace = new Pace(clock, { perSecond: 50, burst: 300 });

  const first = queue(pace, 400);
  const rows = [
    { afterMs: 0, want: 300 },
    { afterMs: 19, want: 300 },
    { afterMs: 1, want: 301 },
    { afterMs: 980, want: 350 },
    { afterMs: 1000, want: 400 },
  ];
  for (const { afterMs, want } of rows) {
    clock.advance(afterMs);
    await settleDown();
    assert.equal(first.given, want);
  }

  clock.advance(3_600_000);
  const second = queue(pace, 400);
  await settleDown();
  assert.equal(second.given, 300);
});

test('whoever gives up leaves the turn to those behind', async () => {
  const clock = new ManualClock();
  const pace = new Pace(clock, { perSecond: 1, burst: 1 });
  const impatient = new AbortController();
  await pace.turn();
  const gaveUp = assert.rejects(pace.turn(impatient.signal), { message: 'enough' });

  impatient.abort(new Error('enough'));
  await gaveUp;
  const next = queue(pace, 1);
  clock.advance(1000);
  await settleDown();

  assert.equal(next.given, 1);
});

test('where the API server says that it regulates requests itself nobody waits any longer', async () => {
  const pace = new Pace(new ManualClock(), { perSecond: 1, burst: 1 });
  const result = queue(pace, 100);
  pace.heard({ 'content-type': 'application/json' });
  await settleDown();
  assert.equal(result.given, 1);

  pace.heard({ 'x-kubernetes-pf-flowschema-uid': 'a' });
  await settleDown();

  assert.equal(result.given, 100);
});

for (const { name, headers, want } of [
  { name: 'requests of a client wait for their turn, its watches do not', headers: {}, want: 2 },
  { name: 'a client lets go where the API server regulates itself', headers: { 'X-Kubernetes-PF-FlowSchema-UID': 'a' }, want: 8 },
]) {
  test(name, async () => {
    const api = await KubeApi.start();
    const { client, clock } = createTestClient(api.port, { rate: { perSecond: 1, burst: 2 } });
    const listener = createRecorder();
    client.follow({ resource: THINGS, listener });
    await until(() => api.openWatches === 1, 'the watch');

    api.intercept = () => ({ status: 200, headers, body: { metadata: { name: 'a' } } });
    const gets = Array.from({ length: 7 }, async () => client.get(THINGS, { namespace: 'apps', name: 'a' }));
    const requests = (): number => api.requests.filter(({ query }) => query.get('watch') !== 'true').length;
    await until(() => requests() === want, 'those that may go');
    await settleDown();
    assert.equal(requests(), want);

    for (let seconds = 0; seconds < 7; seconds++) {
      clock.advance(1000);
      await settleDown();
    }
    await Promise.all(gets);
    assert.equal(requests(), 8);
    await client.close();
    await api.close();
  });
}
