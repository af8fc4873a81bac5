// Whatever happens to the line, in whatever order: in the end a reflection holds what a fresh list says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeApi, type KubeReply, refusal } from '../../test/support/kube-api.ts';
import { createRecorder, createTestClient, THINGS, THINGS_PATH } from '../../test/support/kube-client.ts';
import { createRandom } from '../../test/support/random.ts';
import { settleDown, until } from '../../test/support/until.ts';

const SEEDS = 12;
const STEPS = 150;
const FAULTY = 0.25;
const TROUBLED = 0.3;

type Fault = KubeReply | 'reset' | 'silence' | undefined;

const FAULTS: readonly Fault[] = [
  'reset',
  'silence',
  refusal(401, 'Unauthorized', 'no'),
  refusal(404, 'NotFound', 'not served'),
  refusal(410, 'Expired', 'too old'),
  refusal(429, 'TooManyRequests', 'busy', { 'retry-after': '1' }),
  refusal(500, 'InternalError', 'etcd is down'),
  { status: 502, body: '<html>' },
  { status: 200, body: '' },
  { status: 200, body: '{"items":' },
];

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`nothing is missed and nothing stays behind: ${seed}`, async () => {
    const random = createRandom(seed);
    const pick = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(random() * items.length)];
    const api = await KubeApi.start();
    const world = createTestClient(api.port, { random });
    const recorder = createRecorder();
    world.client.follow({ resource: THINGS, listener: recorder });
    api.intercept = () => (random() < FAULTY ? pick(FAULTS) : undefined);
    const someName = () => `thing-${Math.floor(random() * 30)}`;
    const change = () => {
      if (random() < 0.3) api.remove(THINGS_PATH, 'apps', someName());
      else api.put(THINGS_PATH, { metadata: { name: someName(), namespace: 'apps' }, spec: random() });
    };
    const troubles: readonly (() => void)[] = [
      () => api.bookmark(),
      () => api.compact(),
      () => api.endWatches(),
      () => api.endWatches(),
      () => api.resetConnections(),
      () => api.resetConnections(),
      () => api.writeToWatches('{"type":"ADDED","object":'),
      () => world.clock.advance(random() * 300_000),
    ];

    for (let step = 0; step < STEPS; step++) {
      for (let changes = Math.floor(random() * 4); changes > 0; changes--) change();
      if (random() < TROUBLED) pick(troubles)?.();
      world.clock.advance(random() * 2000);
      await settleDown(Math.floor(random() * 40));
    }

    api.intercept = () => undefined;
    const isSame = (): boolean => versions(recorder.objects.values()) === versions(api.objects(THINGS_PATH));
    await until(() => {
      world.clock.advance(1000);
      return api.openWatches === 1 && isSame();
    }, 'the same as a fresh list');
    assert.equal(recorder.told.includes('synced'), true);
    await world.client.close();
    await api.close();
  });
}

function versions(objects: Iterable<{ readonly metadata: object }>): string {
  return [...objects]
    .map(({ metadata }) => JSON.stringify(metadata))
    .toSorted()
    .join();
}
