import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalizeDuration } from './go-duration.ts';

const ROWS: readonly (readonly [written: string, printed: string])[] = [
  ['15s', '15s'],
  ['90s', '1m30s'],
  ['60m', '1h0m0s'],
  ['0.5m', '30s'],
  ['1500ms', '1.5s'],
  ['0.5ms', '500µs'],
  ['0.0001ms', '100ns'],
  ['1.5h30m', '2h0m0s'],
  ['0s', '0s'],
];

test('a duration is printed as Go prints it', () => {
  for (const [written, printed] of ROWS) assert.equal(normalizeDuration(written), printed, written);
});
