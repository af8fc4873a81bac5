import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { ConfigFault } from '../../internal/sdk/provider.ts';
import { encodeFluxEvent } from '../../internal/sdk/text/go-json.ts';
import { createBench, toRenderInput, toResponse } from '../../test/support/provider-run.ts';
import { MAX_BODY_BYTES, toDispatch } from './dispatch-body.ts';
import { sendDispatch } from './send-dispatch.ts';

function toInput(changes: { address?: string; secret?: Record<string, string>; event?: Parameters<typeof exampleEvent>[0] } = {}) {
  return toRenderInput({
    spec: { address: changes.address ?? 'https://github.com/org/repo' },
    secret: changes.secret ?? { token: 'gh-token' },
    event: exampleEvent(changes.event),
  });
}

test('the event is the payload, and its object the type', async () => {
  const bench = createBench(() => toResponse(204));

  const outcome = await sendDispatch(bench.context, toInput({ event: { reason: 'Progressing' } }));

  assert.deepEqual(outcome, { kind: 'delivered' });
  const [request] = bench.requests;
  assert.equal(`${request?.method} ${request?.url}`, 'POST https://api.github.com/repos/org/repo/dispatches');
  assert.deepEqual(JSON.parse(String(request?.body)), {
    event_type: 'Kustomization/webapp.apps',
    client_payload: JSON.parse(encodeFluxEvent(exampleEvent({ reason: 'Progressing' }))),
  });
  assert.ok(request?.headers.some(([name, value]) => name.toLowerCase() === 'content-type' && value === 'application/json'));
});

const SECONDARY = toResponse(403, { message: 'You have exceeded a secondary rate limit.' });
const ANSWERS = [
  { name: 'a token that may not', answer: toResponse(403, { message: 'Resource not accessible' }), want: 'deferred auth' },
  { name: 'a secondary limit', answer: SECONDARY, want: 'deferred rate-limited' },
  { name: 'a repository that it does not show', answer: toResponse(404, { message: 'Not Found' }), want: 'retry not-found' },
  { name: 'a renamed repository', answer: toResponse(301, '', { location: 'https://x' }), want: 'rejected bad-request' },
  { name: 'a payload that it refuses', answer: toResponse(422, { message: 'Invalid request' }), want: 'rejected bad-request' },
  { name: 'a page', answer: toResponse(200, '<html>', { 'content-type': 'text/html' }), want: 'retry server' },
  { name: 'a failing server', answer: toResponse(500, ''), want: 'retry server' },
];

for (const { name, answer, want } of ANSWERS) {
  test(`GitHub answers with ${name}`, async () => {
    const bench = createBench(() => answer);

    const outcome = await sendDispatch(bench.context, toInput());

    assert.ok(outcome.kind !== 'delivered');
    assert.equal(`${outcome.kind} ${outcome.reason}`, want);
    assert.ok(outcome.message.startsWith('could not send the repository dispatch: '));
  });
}

for (const changes of [{ address: 'https://github.com/org' }, { secret: {} }, { secret: { token: 'gh-token\n' } }]) {
  test(`configuration that cannot work is a fault before any call: ${JSON.stringify(changes)}`, async () => {
    const bench = createBench(() => toResponse(204));

    await assert.rejects(sendDispatch(bench.context, toInput(changes)), ConfigFault);
    assert.equal(bench.requests.length, 0);
  });
}

const SIZES = [
  { name: 'a long message', event: { message: '"quoted"\n'.repeat(20_000) } },
  { name: 'much metadata', event: { metadata: Object.fromEntries(Array.from({ length: 9_000 }, (_, i) => [`key-${i}`, 'value'])) } },
  { name: 'one long value', event: { metadata: { a: '<'.repeat(100_000) } } },
  {
    name: 'long names',
    event: { involvedObject: { ...exampleEvent().involvedObject, name: 'n'.repeat(90_000), namespace: '\u0001'.repeat(90_000) } },
  },
  { name: 'long words', event: { reason: '語'.repeat(90_000), reportingInstance: '&'.repeat(90_000) } },
];

for (const { name, event } of SIZES) {
  test(`what is too long is cut until GitHub takes it: ${name}`, () => {
    const body = toDispatch(exampleEvent(event));

    const { event_type: type, client_payload: payload } = JSON.parse(body) as { event_type: string; client_payload: { message: string } };
    assert.ok(Buffer.byteLength(body) <= MAX_BODY_BYTES, `${Buffer.byteLength(body)} bytes`);
    assert.ok(type.length <= 100);
    assert.ok(payload.message !== '');
  });
}

test('what just fits is not cut', () => {
  const empty = Buffer.byteLength(toDispatch(exampleEvent({ message: '' })));
  const message = 'x'.repeat(MAX_BODY_BYTES - empty);

  const body = toDispatch(exampleEvent({ message }));

  assert.equal(Buffer.byteLength(body), MAX_BODY_BYTES);
  assert.ok(body.includes(message));
});
