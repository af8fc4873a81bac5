import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseGoTime } from './go-time.ts';

test('timestamps are read as Go reads them and printed in UTC with seconds', () => {
  const cases: { name: string; in: string; want: string; ms?: number }[] = [
    { name: 'UTC', in: '2026-01-02T03:04:05Z', want: '2026-01-02T03:04:05Z', ms: Date.UTC(2026, 0, 2, 3, 4, 5) },
    { name: 'offset', in: '2026-01-02T03:04:05-07:30', want: '2026-01-02T10:34:05Z' },
    { name: 'offset into another year', in: '2026-01-01T00:30:00+01:00', want: '2025-12-31T23:30:00Z' },
    { name: 'fraction', in: '2026-01-02T03:04:05.9996Z', want: '2026-01-02T03:04:05Z', ms: Date.UTC(2026, 0, 2, 3, 4, 5, 999) },
    { name: 'fraction behind a comma', in: '2026-01-02T03:04:05,5Z', want: '2026-01-02T03:04:05Z', ms: Date.UTC(2026, 0, 2, 3, 4, 5, 500) },
    { name: 'long fraction', in: '2026-01-02T03:04:05.123456789012345Z', want: '2026-01-02T03:04:05Z' },
    { name: 'one-digit hour', in: '2026-01-02T3:04:05Z', want: '2026-01-02T03:04:05Z' },
    { name: 'offset of 24:60', in: '2026-01-02T03:04:05+24:60', want: '2026-01-01T02:04:05Z' },
    { name: 'leap day', in: '2000-02-29T00:00:00Z', want: '2000-02-29T00:00:00Z' },
    { name: 'before the epoch', in: '1969-12-31T23:59:59.5Z', want: '1969-12-31T23:59:59Z', ms: -500 },
    { name: 'year below 100', in: '0099-05-05T05:05:05Z', want: '0099-05-05T05:05:05Z' },
    { name: 'year 0', in: '0000-02-29T00:00:00Z', want: '0000-02-29T00:00:00Z' },
    { name: 'before year 0', in: '0000-01-01T00:00:00+01:00', want: '-0001-12-31T23:00:00Z' },
    { name: 'behind year 9999', in: '9999-12-31T23:59:59-01:00', want: '10000-01-01T00:59:59Z' },
    { name: 'a nanosecond after the zero time', in: '0001-01-01T00:00:00.000000001Z', want: '0001-01-01T00:00:00Z' },
  ];
  for (const { name, in: text, want, ms } of cases) {
    const instant = parseGoTime(text);
    assert.equal(instant?.text, want, name);
    if (ms !== undefined) assert.equal(instant?.epochMs, ms, name);
  }
});

test('the zero time is no time', () => {
  for (const text of ['0001-01-01T00:00:00Z', '0001-01-01T01:00:00+01:00', '0001-01-01T00:00:00.0000000001Z']) {
    assert.equal(parseGoTime(text), null, text);
  }
});

test('what Go refuses is refused', () => {
  const texts = [
    '',
    'yesterday',
    '2026-01-02',
    '2026-01-02t03:04:05z',
    '2026-01-02 03:04:05Z',
    '2026-01-02T23:59:60Z',
    '2026-01-02T24:00:00Z',
    '2026-01-02T03:60:00Z',
    '10000-01-02T03:04:05Z',
    '2026-00-02T03:04:05Z',
    '2026-13-02T03:04:05Z',
    '2026-01-00T03:04:05Z',
    '2026-02-29T03:04:05Z',
    '1900-02-29T03:04:05Z',
    '2026-04-31T03:04:05Z',
    '2026-1-02T03:04:05Z',
    '2026-01-02T03:04:05',
    '2026-01-02T03:04:05.Z',
    '2026-01-02T03:04:05+0100',
    '2026-01-02T03:04:05+25:00',
    '2026-01-02T03:04:05+01:61',
    '2026-01-02T03:04:05Z ',
    '+026-01-02T03:04:05Z',
    '٢٠٢٦-01-02T03:04:05Z',
  ];
  for (const text of texts) assert.equal(parseGoTime(text), undefined, text);
});

test('every second that Date can print is read back', () => {
  const min = Date.UTC(1, 1, 1) - 1900 * 365 * 86_400_000;
  fc.assert(
    fc.property(fc.date({ min: new Date(min), max: new Date(Date.UTC(9999, 11, 31)), noInvalidDate: true }), (date) => {
      const text = date.toISOString();
      assert.deepEqual(parseGoTime(text), { epochMs: date.getTime(), text: `${text.slice(0, 19)}Z` });
    }),
  );
});
