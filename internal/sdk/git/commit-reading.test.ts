import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBench, toResponse } from '../../../test/support/provider-run.ts';
import { type CommitStatuses, readCommit } from './commit-reading.ts';

const SCOPE = 'forge-commit:x';
const HOUR_MS = 3_600_000;
const SEEN: CommitStatuses = { all: new Map([['mine', 'seen']]), etag: 'W/"1"' };

/** A forge that counts how often it is read, and what it is told of the last reading. */
function createForge() {
  const bench = createBench(() => toResponse(200));
  const told: (CommitStatuses | undefined)[] = [];
  const read = async (last: CommitStatuses | undefined): Promise<CommitStatuses> => {
    told.push(last);
    return SEEN;
  };
  const ask = async (isDoubtful = false) => await readCommit(bench.context, { scope: SCOPE, isDoubtful }, read);
  return { bench, told, ask };
}

test('contexts that ask at one moment share one reading, and one of them remembers it', async () => {
  const { ask, told } = createForge();

  const readings = await Promise.all(Array.from({ length: 60 }, async () => await ask()));

  assert.equal(told.length, 1);
  assert.ok(readings.every(({ all }) => all.get('mine') === 'seen'));
  assert.deepEqual(
    readings.map(({ remember }) => remember.length).filter((length) => length > 0),
    [2],
  );
});

test('a context whose last try had no answer takes nothing that was read for others', async () => {
  const { ask, told } = createForge();

  await Promise.all([ask(), ask(true), ask(true)]);

  assert.equal(told.length, 3);
});

test('the last reading is told, however old, where the forge can say whether it holds', async () => {
  const { ask, bench, told } = createForge();

  bench.remember((await ask()).remember, 30 * HOUR_MS);
  await ask();

  assert.deepEqual(told, [undefined, SEEN]);
});

test('a reading without a tag cannot be asked about', async () => {
  const { bench, told, ask } = createForge();
  const plain = async (last: CommitStatuses | undefined): Promise<CommitStatuses> => {
    told.push(last);
    return { ...SEEN, etag: '' };
  };

  bench.remember((await ask()).remember);
  bench.remember((await readCommit(bench.context, { scope: SCOPE, isDoubtful: false }, plain)).remember);
  await ask();

  assert.deepEqual(told, [undefined, SEEN, undefined], 'an older tag does not outlive its reading');
});
