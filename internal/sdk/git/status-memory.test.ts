import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBench, toResponse } from '../../../test/support/provider-run.ts';
import type { Recollection } from '../provider.ts';
import { commitFacts, recallStatus } from './status-memory.ts';

const HOUR_MS = 3_600_000;
const COMMIT = 'forge-commit:x';
const SEEN = JSON.stringify([['mine', 'seen']]);

const known = (value: string, ageMs = 0): Recollection => ({ known: true, value, ageMs });
const unknown: Recollection = { known: false };

const MEMORIES: readonly {
  name: string;
  own?: Recollection;
  seen?: Recollection;
  want: { value: string | undefined } | undefined;
  isDoubtful?: true;
}[] = [
  { name: 'nothing', want: undefined },
  { name: 'what was posted', own: known('posted'), want: { value: 'posted' } },
  { name: 'what was posted, whatever was seen', own: known('posted', HOUR_MS), seen: known(SEEN), want: { value: 'posted' } },
  { name: 'what another context saw', seen: known(SEEN), want: { value: 'seen' } },
  { name: 'that there was nothing', seen: known('[]'), want: { value: undefined } },
  { name: 'something too old', own: known('posted', HOUR_MS + 1), want: undefined },
  { name: 'something too old, and a reading since', own: known('posted', HOUR_MS + 1), seen: known(SEEN, 5), want: { value: 'seen' } },
  { name: 'a reading that is too old', seen: known(SEEN, HOUR_MS + 1), want: undefined },
  { name: 'an ambiguity, whatever was seen', own: unknown, seen: known(SEEN), want: undefined, isDoubtful: true },
  { name: 'an ambiguous reading', seen: unknown, want: undefined },
];

for (const { name, own, seen, want, isDoubtful = false } of MEMORIES) {
  test(`the memory holds ${name}`, async () => {
    const { context } = createBench(() => toResponse(200));
    const get = async (scope: string) => (scope === COMMIT ? seen : own);

    assert.deepEqual(await recallStatus({ ...context, memory: { get } }, COMMIT, 'mine'), { known: want, isDoubtful });
  });
}

test('more statuses than are worth remembering are not remembered', () => {
  const values = new Map(Array.from({ length: 2_000 }, (_, i) => [`context ${i}`, 'a value that is not short'.repeat(2)]));

  assert.deepEqual(commitFacts(COMMIT, { all: values, etag: 'W/"1"' }), []);
  assert.equal(commitFacts(COMMIT, { all: new Map([['a', 'b']]), etag: '' })[0]?.value, '[["a","b"]]');
});
