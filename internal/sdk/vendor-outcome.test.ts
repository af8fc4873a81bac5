import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpResponse } from './http.ts';
import { askedToWait, pageInstead, untilChange } from './vendor-outcome.ts';

const PAGE = '<!doctype html><title>Sign in</title>';

const ANSWERS: readonly {
  readonly name: string;
  readonly status?: number;
  readonly type?: string;
  readonly body: string;
  readonly want: boolean;
}[] = [
  { name: 'a login page', body: PAGE, want: true },
  { name: 'a page after blank lines', body: `\n\n ${PAGE}`, want: true },
  { name: 'a page in capitals of the header', type: 'Text/HTML', body: PAGE, want: true },
  { name: 'an empty answer that is called HTML', body: '', want: false },
  { name: 'a word that is called HTML', body: 'ok', want: false },
  { name: 'JSON', type: 'application/json', body: '{}', want: false },
  { name: 'XML', type: 'text/xml', body: '<ok/>', want: false },
  { name: 'a page that says what is wrong', status: 502, body: PAGE, want: false },
];

for (const { name, status = 200, type = 'text/html; charset=utf-8', body, want } of ANSWERS) {
  test(`a page in the place of an answer: ${name}`, () => {
    const response: HttpResponse = { status, headers: { 'content-type': type }, body: Buffer.from(body), truncated: false };

    assert.deepEqual(
      pageInstead('Grafana', response),
      want ? { kind: 'retry', reason: 'server', message: `Grafana answered ${status} with a page, as its API does not` } : undefined,
    );
  });
}

test('a vendor is obeyed within bounds', () => {
  for (const [askedMs, wantMs] of [
    [2_500.2, 2_501],
    [0, 1_000],
    [-5, 1_000],
    [1e12, 3_600_000],
  ] as const) {
    assert.deepEqual(askedToWait('Zulip', askedMs).until, { afterMs: wantMs });
  }
});

test('what a person has to change waits for the change', () => {
  assert.deepEqual(untilChange('auth', 'no'), { kind: 'deferred', reason: 'auth', message: 'no', until: 'target-change' });
});
