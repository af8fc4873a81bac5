import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId, stableUid } from './id.ts';

const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('ids are UUIDs of version 7 that sort by time', () => {
  const nowMs = Date.UTC(2026, 0, 2);
  const ids = [0, 1, 2, 60_000, 2 ** 40].map((offset) => newId(nowMs + offset));

  for (const id of ids) assert.match(id, UUID7);
  assert.deepEqual(ids.toSorted(), ids);
  assert.equal(Number.parseInt(newId(nowMs).replace('-', '').slice(0, 12), 16), nowMs);
  assert.notEqual(newId(nowMs), newId(nowMs));
});

test('an injected random source decides the rest', () => {
  assert.equal(
    newId(1, () => 0),
    '00000000-0001-7000-8000-000000000000',
  );
  assert.equal(
    newId(1, () => 1 - Number.EPSILON),
    '00000000-0001-7fff-bfff-ffffffffffff',
  );
});

test('uids of objects without one never change', () => {
  assert.match(stableUid('Provider', 'flux-system', 'slack'), /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(stableUid('Provider', 'flux-system', 'slack'), 'bd02a2c8-31a9-5c91-b7a9-0f264c844bc1');
  assert.notEqual(stableUid('Alert', 'flux-system', 'slack'), stableUid('Provider', 'flux-system', 'slack'));
});
