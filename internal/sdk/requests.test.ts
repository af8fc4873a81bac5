import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerText, postJson } from './post-json.ts';
import { ConfigFault } from './provider.ts';
import { outcomeOfStatus, retryAfterMs } from './status-outcome.ts';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

test('a later header replaces an earlier one of the same name in its place', () => {
  const request = postJson({
    name: 'hook',
    address: 'http://a.example.com/x?y#z',
    headers: [
      ['X-A', '1'],
      ['content-type', 'text/plain'],
      ['x-a', '2'],
    ],
    body: '{}',
  });

  assert.deepEqual(request.headers, [
    ['content-type', 'text/plain'],
    ['x-a', '2'],
  ]);
  assert.equal(request.url, 'http://a.example.com/x?y#z');
});

for (const address of ['', '/path', 'example.com/secret', 'ftp://host/secret', 'http:opaque', 'http://ho st/secret']) {
  test(`the address ${JSON.stringify(address)} is a fault that does not show it`, () => {
    assert.throws(
      () => postJson({ name: 'hook', address, headers: [], body: '' }),
      (error) => error instanceof ConfigFault && error.message.startsWith('invalid hook URL: ') && !error.message.includes('secret'),
    );
  });
}

test('text of an event becomes a header value that can be sent', () => {
  assert.equal(headerText(' a\r\nX-Injected: b\x00 '), 'a X-Injected: b');
});

const STATUSES: readonly (readonly [status: number, headers: Record<string, string>, kind: string, reason: string | undefined])[] = [
  [200, {}, 'delivered', undefined],
  [299, {}, 'delivered', undefined],
  [301, {}, 'rejected', 'bad-request'],
  [307, {}, 'rejected', 'bad-request'],
  [400, {}, 'rejected', 'bad-request'],
  [401, {}, 'deferred', 'auth'],
  [403, {}, 'deferred', 'auth'],
  [404, {}, 'retry', 'not-found'],
  [407, {}, 'deferred', 'auth'],
  [408, {}, 'retry', 'timeout'],
  [410, {}, 'rejected', 'bad-request'],
  [413, {}, 'rejected', 'too-large'],
  [425, {}, 'retry', 'server'],
  [429, {}, 'retry', 'rate-limited'],
  [429, { 'retry-after': '5' }, 'deferred', 'rate-limited'],
  [500, { 'retry-after': '5' }, 'retry', 'server'],
  [501, {}, 'retry', 'server'],
  [503, {}, 'retry', 'server'],
  [503, { 'retry-after': '5' }, 'deferred', 'server'],
];

for (const [status, headers, kind, reason] of STATUSES) {
  test(`status ${status} ${JSON.stringify(headers)}`, () => {
    const outcome = outcomeOfStatus({ status, headers }, NOW_MS);

    assert.deepEqual([outcome.kind, outcome.kind === 'delivered' ? undefined : outcome.reason], [kind, reason]);
  });
}

const DELAYS: readonly (readonly [value: string | undefined, wantMs: number | undefined])[] = [
  [undefined, undefined],
  ['', undefined],
  ['soon', undefined],
  ['0', 1_000],
  ['7', 7_000],
  ['86400', 3_600_000],
  [new Date(NOW_MS + 30_000).toUTCString(), 30_000],
  [new Date(NOW_MS - 30_000).toUTCString(), 1_000],
];

for (const [value, wantMs] of DELAYS) {
  test(`Retry-After ${JSON.stringify(value)}`, () => {
    assert.equal(retryAfterMs(value, NOW_MS), wantMs);
  });
}
