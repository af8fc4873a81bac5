import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Outcome } from '../sdk/outcome.ts';
import { interpretResponse } from './interpret.ts';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const IN_90_S = new Date(NOW_MS + 90_000).toUTCString();
const HOUR_MS = 3_600_000;

interface Case {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly url?: string;
  readonly want: string;
}

const CASES: readonly Case[] = [
  { status: 200, want: 'delivered' },
  { status: 204, want: 'delivered' },
  { status: 299, want: 'delivered' },
  {
    status: 301,
    headers: { location: '/login?next=/secret' },
    want: 'rejected bad-request: answered 301, a redirect to https://hooks.example.com/login that is not followed',
  },
  {
    status: 302,
    headers: { location: 'https://user:pw@other.example.com/sign-in?x=1#y' },
    want: 'rejected bad-request: answered 302, a redirect to https://other.example.com/sign-in that is not followed',
  },
  {
    status: 308,
    headers: { location: 'http://hooks.example.com/services/T0/canary/' },
    url: 'https://hooks.example.com/services/T0/canary',
    want: 'rejected bad-request: answered 308, a redirect to http://hooks.example.com/... that is not followed',
  },
  { status: 303, want: 'rejected bad-request: answered 303, a redirect without Location that is not followed' },
  {
    status: 304,
    headers: { location: 'http://[' },
    want: 'rejected bad-request: answered 304, a redirect to an unreadable address that is not followed',
  },
  { status: 400, want: 'rejected bad-request: answered 400: words' },
  { status: 401, want: 'deferred auth until target-change: answered 401: words' },
  { status: 403, want: 'deferred auth until target-change: answered 403: words' },
  { status: 407, want: 'deferred auth until target-change: answered 407: words' },
  {
    status: 403,
    headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW_MS / 1000 + 120) },
    want: 'deferred rate-limited until 120000: answered 403: words',
  },
  {
    status: 403,
    headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW_MS / 1000 + 86_400) },
    want: `deferred rate-limited until ${HOUR_MS}: answered 403: words`,
  },
  {
    status: 403,
    headers: { 'x-ratelimit-remaining': '7', 'x-ratelimit-reset': String(NOW_MS / 1000 + 120) },
    want: 'deferred auth until target-change: answered 403: words',
  },
  { status: 403, headers: { 'retry-after': '60' }, want: 'deferred rate-limited until 60000: answered 403: words' },
  { status: 404, want: 'retry not-found: answered 404: words' },
  { status: 408, want: 'retry timeout: answered 408: words' },
  { status: 410, want: 'rejected bad-request: answered 410: words' },
  { status: 413, want: 'rejected too-large: answered 413: words' },
  { status: 422, want: 'rejected bad-request: answered 422: words' },
  { status: 425, want: 'retry server: answered 425: words' },
  { status: 429, want: 'retry rate-limited: answered 429: words' },
  { status: 429, headers: { 'retry-after': '30' }, want: 'deferred rate-limited until 30000: answered 429: words' },
  { status: 429, headers: { 'retry-after': '0' }, want: 'deferred rate-limited until 1000: answered 429: words' },
  { status: 429, headers: { 'retry-after': '999999999999999999999' }, want: `deferred rate-limited until ${HOUR_MS}: answered 429: words` },
  { status: 429, headers: { 'retry-after': IN_90_S }, want: 'deferred rate-limited until 90000: answered 429: words' },
  { status: 429, headers: { 'retry-after': 'soon' }, want: 'retry rate-limited: answered 429: words' },
  {
    status: 429,
    headers: { 'ratelimit-remaining': '0', 'ratelimit-reset': '15' },
    want: 'deferred rate-limited until 15000: answered 429: words',
  },
  { status: 500, want: 'retry server: answered 500: words' },
  { status: 501, want: 'retry server: answered 501: words' },
  { status: 502, headers: { 'retry-after': '30' }, want: 'retry server: answered 502: words' },
  { status: 503, want: 'retry server: answered 503: words' },
  { status: 503, headers: { 'retry-after': '5' }, want: 'deferred server until 5000: answered 503: words' },
  {
    status: 503,
    headers: { 'retry-after': new Date(NOW_MS - 5000).toUTCString() },
    want: 'deferred server until 1000: answered 503: words',
  },
  { status: 599, want: 'retry server: answered 599: words' },
];

test('reads every kind of answer', () => {
  for (const { status, headers = {}, url = 'https://hooks.example.com/a', want } of CASES) {
    const outcome = interpretResponse({ response: { status, headers }, url, excerpt: () => 'words', nowMs: NOW_MS });

    assert.equal(toText(outcome), want, `${status} ${JSON.stringify(headers)}`);
  }
});

test('says only the status when the answer has no words', () => {
  const outcome = interpretResponse({ response: { status: 400, headers: {} }, url: '', excerpt: () => '', nowMs: NOW_MS });
  assert.equal(toText(outcome), 'rejected bad-request: answered 400');
});

test('whatever a vendor answers is an outcome, and every wait is between 1 s and 1 h', () => {
  const names = ['retry-after', 'location', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'ratelimit-remaining', 'ratelimit-reset'];
  const value = fc.oneof(
    fc.string(),
    fc.constant('0'),
    fc.double().map(String),
    fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
  );
  const headers = fc.dictionary(fc.constantFrom(...names), value);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 999 }),
      headers,
      fc.constantFrom('', 'https://a.example.com/x/y?z', 'not an address'),
      (status, fields, url) => {
        const outcome = interpretResponse({ response: { status, headers: fields }, url, excerpt: () => '', nowMs: NOW_MS });

        if (outcome.kind !== 'deferred' || outcome.until === 'target-change') return;
        assert.ok(outcome.until.afterMs >= 1000 && outcome.until.afterMs <= HOUR_MS, `${outcome.until.afterMs}`);
      },
    ),
  );
});

function toText(outcome: Outcome): string {
  if (outcome.kind === 'delivered') return 'delivered';
  const until = outcome.kind !== 'deferred' ? '' : ` until ${outcome.until === 'target-change' ? outcome.until : outcome.until.afterMs}`;
  return `${outcome.kind} ${outcome.reason}${until}: ${outcome.message}`;
}
