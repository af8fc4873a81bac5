import assert from 'node:assert/strict';
import { KubeApi, refusal } from '../../test/support/kube-api.ts';
import { createTestClient } from '../../test/support/kube-client.ts';
import { settleDown, until } from '../../test/support/until.ts';
import type { Occurrence } from './event-correlator.ts';
import { createEventRecorder, type EventRecorder } from './events.ts';
import { ownHooks } from '../../test/support/own-hooks.ts';

const { afterEach, beforeEach, test } = ownHooks();

const EVENTS_PATH = '/api/v1/events';

let api: KubeApi;
let world: ReturnType<typeof createTestClient>;
let recorder: EventRecorder;

beforeEach(async () => {
  api = await KubeApi.start();
  world = createTestClient(api.port);
  const { client, clock, log } = world;
  recorder = createEventRecorder({ client, component: 'notification-controller', clock, random: () => 0.5, log });
});

afterEach(async () => {
  await world.client.close();
  await api.close();
});

function occurrence(message: string, changes: Partial<Occurrence> = {}): Occurrence {
  const object = { apiVersion: 'notification.toolkit.fluxcd.io/v1beta3', kind: 'Alert', namespace: 'apps', name: 'alert', uid: 'u' };
  return { object, type: 'Warning', reason: 'NotificationDispatchFailed', message, ...changes };
}

async function written(requests: number): Promise<readonly (readonly [unknown, unknown])[]> {
  await until(() => api.requests.length === requests, `${requests} requests`);
  await settleDown();
  return api.objects(EVENTS_PATH).map((event) => [event['count'], event['message']]);
}

test('an Event is as client-go writes it', async () => {
  recorder.record(occurrence('failed', { annotations: { key: 'a, b' } }));
  await written(1);

  const [event] = api.objects(EVENTS_PATH, 'apps');
  assert.ok(event);
  const { metadata, ...rest } = event;
  assert.equal(metadata.name, `alert.${(1_767_614_400_000_500_001n).toString(16)}`);
  assert.deepEqual(metadata['annotations'], { key: 'a, b' });
  assert.deepEqual(rest, {
    apiVersion: 'v1',
    kind: 'Event',
    involvedObject: { apiVersion: 'notification.toolkit.fluxcd.io/v1beta3', kind: 'Alert', namespace: 'apps', name: 'alert', uid: 'u' },
    type: 'Warning',
    reason: 'NotificationDispatchFailed',
    message: 'failed',
    count: 1,
    firstTimestamp: '2026-01-05T12:00:00Z',
    lastTimestamp: '2026-01-05T12:00:00Z',
    source: { component: 'notification-controller' },
    reportingComponent: 'notification-controller',
    reportingInstance: '',
  });
});

test('what repeats is counted up, and begins anew when it was forgotten', async () => {
  recorder.record(occurrence('failed'));
  world.clock.advance(5000);
  recorder.record(occurrence('failed'));
  assert.deepEqual(await written(2), [[2, 'failed']]);
  const [event] = api.objects(EVENTS_PATH);
  assert.deepEqual([event?.['firstTimestamp'], event?.['lastTimestamp']], ['2026-01-05T12:00:00Z', '2026-01-05T12:00:05Z']);

  api.remove(EVENTS_PATH, 'apps', event?.metadata.name ?? '');
  recorder.record(occurrence('failed'));
  assert.deepEqual(await written(4), [[3, 'failed']]);
});

test('many different messages become one, and an object that never stops is cut off', async () => {
  for (let number = 1; number <= 30; number++) recorder.record(occurrence(`failed ${number}`));
  recorder.record(occurrence('of another', { object: { ...occurrence('').object, name: 'other', uid: 'v' } }));

  const events = await written(26);

  assert.deepEqual(events, [
    ...Array.from({ length: 9 }, (_, index) => [1, `failed ${index + 1}`]),
    [16, '(combined from similar events): failed 25'],
    [1, 'of another'],
  ]);
});

test('after a while there is room again', async () => {
  for (let number = 0; number < 40; number++) recorder.record(occurrence('failed'));
  assert.deepEqual(await written(25), [[25, 'failed']]);

  world.clock.advance(600_000);
  for (let number = 0; number < 5; number++) recorder.record(occurrence('failed'));

  assert.deepEqual(await written(27), [[42, 'failed']]);
});

test('an API server that is away is waited for, and the order stays', async () => {
  api.intercept = () => refusal(503, 'ServiceUnavailable', 'away');
  recorder.record(occurrence('first'));
  recorder.record(occurrence('second'));
  for (let tries = 1; tries <= 3; tries++) {
    await until(() => api.requests.length === tries && world.clock.pending === 1, `try ${tries}`);
    await settleDown();
    if (tries === 3) api.intercept = () => undefined;
    world.clock.advance(10_000);
  }

  assert.deepEqual(await written(5), [
    [1, 'first'],
    [1, 'second'],
  ]);
  assert.deepEqual(world.log.lines(), []);
});

test('what is refused is logged, and what follows is written', async () => {
  const replies = [refusal(422, 'Invalid', 'an annotation has no valid name')];
  api.intercept = () => replies.shift();
  recorder.record(occurrence('bad'));
  recorder.record(occurrence('good'));

  assert.deepEqual(await written(2), [[1, 'good']]);
  assert.deepEqual(
    world.log.entries.map(({ level, message, fields }) => [level, message, fields['object'], fields['reason']]),
    [['warn', 'a Kubernetes Event cannot be written', 'Alert/apps/alert', 'NotificationDispatchFailed']],
  );
});

test('a long wait keeps a thousand, and says what it lost', async () => {
  api.intercept = () => refusal(503, 'ServiceUnavailable', 'away');
  for (let number = 0; number < 1100; number++) {
    recorder.record(occurrence('x', { object: { ...occurrence('').object, name: `alert-${number}`, uid: `${number}` } }));
  }
  await until(() => world.clock.pending === 1 && api.requests.length === 1, 'the first try');
  await settleDown();
  api.intercept = () => undefined;
  world.clock.advance(10_000);
  assert.equal((await written(1002)).length, 1001);
  await until(() => world.log.lines().length === 2, 'the recovery');

  assert.deepEqual(
    world.log.entries.map(({ message, fields }) => [message, fields]),
    [
      ['Kubernetes Events are lost, since too many wait', { waiting: 1000 }],
      ['Kubernetes Events are written again', { lost: 99 }],
    ],
  );
});

test('stopping writes what waits, and takes nothing more; an API server that is away does not hold it up', async () => {
  recorder.record(occurrence('last'));
  await recorder.stop(1000);
  recorder.record(occurrence('late'));
  assert.deepEqual(await written(1), [[1, 'last']]);

  const { client, clock, log } = world;
  const other = createEventRecorder({ client, component: 'c', clock, random: () => 0.5, log });
  api.intercept = () => 'silence';
  other.record(occurrence('never'));
  await until(() => api.requests.length === 2, 'the request');
  const stopped = other.stop(1000);
  clock.advance(1000);
  await stopped;
  assert.deepEqual(log.lines(), ['warn a Kubernetes Event cannot be written']);
  assert.equal(clock.pending, 0);
});

test('names that are too long leave room for what makes them unique; cluster-wide objects are told of in default', async () => {
  recorder.record(occurrence('x', { object: { apiVersion: 'v1', kind: 'Node', name: 'n'.repeat(253) } }));
  await written(1);

  const [event] = api.objects(EVENTS_PATH, 'default');
  assert.equal(event?.metadata.name.length, 253);
});
