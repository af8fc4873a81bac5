import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../../test/support/clock.ts';
import { toProvider } from '../../../test/support/flux-objects.ts';
import { MemoryCluster, MemoryClusterError } from '../../../test/support/memory-cluster.ts';
import { createRecordingLog } from '../../../test/support/recording-log.ts';
import { settleDown } from '../../../test/support/until.ts';
import { Finalizers } from './finalizers.ts';

const LEAVING = { deletionTimestamp: '2026-01-05T12:00:00Z', finalizers: ['finalizers.fluxcd.io'] };

function openFinalizers() {
  const api = new MemoryCluster();
  const clock = new ManualClock();
  const log = createRecordingLog();
  const finalizers = new Finalizers({ cluster: api, clock, log });
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settleDown();
  };
  return { api, clock, log, finalizers, pass };
}

test('an object that may not be released is tried ever less often by one timer, however often it is reported', async () => {
  const { api, clock, log, finalizers, pass } = openFinalizers();
  const object = api.apply(toProvider('leaving', {}, LEAVING));
  const patches = () => api.requests.length;
  api.refusal = new MemoryClusterError(403, 'providers is forbidden');
  for (let report = 0; report < 20; report++) {
    finalizers.note(object);
    await settleDown();
  }
  assert.equal(clock.pending, 1);
  assert.deepEqual(log.lines(), ['warn a deleted object could not be released; it is tried again']);

  const before = patches();
  for (let second = 0; second < 3_600; second++) await pass(1_000);
  assert.ok(patches() - before <= 12, `${patches() - before} in an hour`);

  api.refusal = undefined;
  await pass(300_000);
  assert.deepEqual(log.lines().slice(1), ['info a deleted object was released']);
  assert.equal(clock.pending, 0);
});

test('nothing is tried any more once it was stopped', async () => {
  const { api, clock, finalizers, pass } = openFinalizers();
  const object = api.apply(toProvider('leaving', {}, LEAVING));
  api.refusal = new MemoryClusterError(500, 'etcd is down');
  finalizers.note(object);
  await pass(0);

  finalizers.stop();

  assert.equal(clock.pending, 0);
});
