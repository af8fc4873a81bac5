import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOW_MS, toRenderInput, toResponse } from '../../../test/support/provider-run.ts';
import { exampleEvent } from '../example-event.ts';
import { TransportError } from '../http.ts';
import {
  ForgeRefusal,
  outcomeOfForgeError,
  requireItems,
  requireJson,
  requireObject,
  requireSuccess,
  UnusableAnswer,
} from './forge-answer.ts';

const { config } = toRenderInput({ spec: {}, secret: { token: 'secret-token' }, event: exampleEvent() });
const reading = { what: 'could not ask', config, nowMs: NOW_MS };
const RESET_S = String(NOW_MS / 1000 + 120);

const LIMITS: readonly { name: string; status: number; headers: Record<string, string>; afterMs: number | undefined }[] = [
  { name: 'Retry-After', status: 429, headers: { 'retry-after': '7', 'x-ratelimit-reset': RESET_S }, afterMs: 7_000 },
  { name: 'Retry-After of a 403', status: 403, headers: { 'retry-after': '7' }, afterMs: 7_000 },
  { name: 'a reset', status: 429, headers: { 'x-ratelimit-reset': RESET_S }, afterMs: 120_000 },
  { name: "GitLab's reset", status: 429, headers: { 'ratelimit-reset': RESET_S, 'ratelimit-remaining': '0' }, afterMs: 120_000 },
  { name: 'a spent budget', status: 403, headers: { 'x-ratelimit-reset': RESET_S, 'x-ratelimit-remaining': '0' }, afterMs: 120_000 },
  {
    name: 'a reset of a budget that is left',
    status: 429,
    headers: { 'x-ratelimit-reset': RESET_S, 'x-ratelimit-remaining': '9' },
    afterMs: undefined,
  },
  { name: 'a reset on a plain 403', status: 403, headers: { 'x-ratelimit-reset': RESET_S }, afterMs: undefined },
  { name: 'a reset in the past', status: 429, headers: { 'x-ratelimit-reset': '1' }, afterMs: 1_000 },
  { name: 'a reset far away', status: 429, headers: { 'x-ratelimit-reset': '9999999999' }, afterMs: 3_600_000 },
  { name: 'an unreadable reset', status: 429, headers: { 'x-ratelimit-reset': 'soon' }, afterMs: undefined },
];

for (const { name, status, headers, afterMs } of LIMITS) {
  test(`a limit told by ${name}`, () => {
    const outcome = outcomeOfForgeError(new ForgeRefusal({ status, headers, words: '' }), reading);

    if (afterMs === undefined) return assert.ok(outcome.kind !== 'deferred' || outcome.until === 'target-change');
    assert.deepEqual(outcome, {
      kind: 'deferred',
      reason: 'rate-limited',
      message: `could not ask: answered ${status}`,
      until: { afterMs },
    });
  });
}

const WORDS = [
  { name: 'message', body: { message: 'no' }, want: 'no' },
  { name: 'error', body: { error: 'no' }, want: 'no' },
  { name: 'message of an error', body: { type: 'error', error: { message: 'no' } }, want: 'no' },
  { name: 'the first of errors', body: { errors: [{ context: null, message: 'no' }, { message: 'never' }] }, want: 'no' },
  { name: 'an object', body: { message: { name: ['is too long'] } }, want: '{"name":["is too long"]}' },
  { name: 'text', body: 'no', want: 'no' },
  { name: 'a repeated credential', body: 'no secret-token', want: 'no *****' },
  { name: 'a page', body: ' <!doctype html>', want: '' },
  { name: 'nothing', body: '', want: '' },
  { name: 'nothing that is known', body: { type: 'x' }, want: '' },
  { name: 'a null', body: 'null', want: '' },
];

for (const { name, body, want } of WORDS) {
  test(`a forge's words: ${name}`, () => {
    const outcome = outcomeOf(() => requireSuccess(toResponse(400, body)));

    assert.equal(outcome.message, `could not ask: answered 400${want === '' ? '' : `: ${want}`}`);
  });
}

test('what is no JSON was not said by a forge, and is asked for again', () => {
  assert.deepEqual(
    outcomeOf(() => requireJson(toResponse(200, '<html>'))),
    {
      kind: 'retry',
      reason: 'server',
      message: 'could not ask: the answer is not JSON',
    },
  );
  assert.equal(outcomeOfForgeError(new UnusableAnswer(302, 'a redirect'), reading).kind, 'rejected');
  assert.throws(() => requireJson({ ...toResponse(200, '[]'), truncated: true }), TransportError);
});

test('null is a list without items and an object without fields; what is neither is no answer of a forge', () => {
  assert.deepEqual(requireItems(null, 200), []);
  assert.deepEqual(requireItems([null, { id: 1 }], 200), [{ id: 1 }]);
  assert.equal(requireObject(null, 200), null);
  assert.deepEqual(requireObject({ id: 1 }, 200), { id: 1 });
  for (const value of [undefined, {}, 'x', ['x'], [[]]]) assert.throws(() => requireItems(value, 200), UnusableAnswer);
  for (const value of [undefined, [], 'x', 3]) assert.throws(() => requireObject(value, 200), UnusableAnswer);
});

test('what is no answer is thrown as the transport said it', () => {
  const failure = new TransportError('timeout', 'no answer in time');

  for (const error of [failure, new Error('of a client', { cause: failure })]) {
    assert.throws(
      () => outcomeOfForgeError(error, reading),
      (thrown) => thrown === failure,
    );
  }
  const bug = new RangeError('a bug');
  assert.throws(
    () => outcomeOfForgeError(bug, reading),
    (thrown) => thrown === bug,
  );
});

function outcomeOf(call: () => unknown) {
  try {
    call();
  } catch (error) {
    const outcome = outcomeOfForgeError(error, reading);
    if (outcome.kind !== 'delivered') return outcome;
  }
  return assert.fail('no refusal');
}
