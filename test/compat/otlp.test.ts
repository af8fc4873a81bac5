// The decoder of the comparator against bytes that were written out by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeOtlp } from './otlp.ts';
import { withoutClient, withoutClientName } from './sentry.ts';

test('an export is read by the names of its JSON form', () => {
  const span = '0a02abcd2a016e30013901000000000000004a0a0a016b12050a0376616c7a021801850101030000';
  const scopeSpans = `0a030a017312${byteLength(span)}${span}`;
  const resourceSpans = `12${byteLength(scopeSpans)}${scopeSpans}1a0175`;

  assert.deepEqual(decodeOtlp(Buffer.from(`0a${byteLength(resourceSpans)}${resourceSpans}`, 'hex')), {
    resourceSpans: [
      {
        scopeSpans: [
          {
            scope: { name: 's' },
            spans: [
              {
                traceId: 'abcd',
                name: 'n',
                kind: 1,
                startTimeUnixNano: '1',
                attributes: [{ key: 'k', value: { stringValue: 'val' } }],
                status: { code: 1 },
                flags: 769,
              },
            ],
          },
        ],
        schemaUrl: 'u',
      },
    ],
  });
});

for (const { name, hex } of [
  { name: 'a cut message', hex: '0a05' },
  { name: 'an unknown field', hex: '220100' },
  { name: 'an unknown wire type', hex: '0b' },
]) {
  test(`no export: ${name}`, () => {
    assert.throws(() => decodeOtlp(Buffer.from(hex, 'hex')));
  });
}

test('what a Sentry client says of itself does not count', () => {
  assert.deepEqual(withoutClient({ sdk: 1, level: 'error', contexts: { os: {}, trace: 2 } }), { level: 'error', contexts: { trace: 2 } });
  assert.equal(withoutClientName('Sentry sentry_client=a/1, sentry_key=k'), 'Sentry sentry_client=, sentry_key=k');
});

function byteLength(hex: string): string {
  return (hex.length / 2).toString(16).padStart(2, '0');
}
