// With the annotation one object is one alert that its recovery closes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FluxEvent } from '../../internal/event/event.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { toRenderInput, toResponse } from '../../test/support/provider-run.ts';
import opsgenie from './opsgenie.provider.ts';

const ADDRESS = 'https://api.opsgenie.com/v2/alerts';
const FAILURE = exampleEvent({ severity: 'error', reason: 'HealthCheckFailed', message: 'unready' });
const OTHER_FAILURE = exampleEvent({ severity: 'error', reason: 'BuildFailed', message: 'broken' });
const RECOVERY = exampleEvent({ message: 'Applied revision' });

function toInput(event: FluxEvent, address = ADDRESS, annotation = 'enabled'): RenderInput {
  const input = toRenderInput({ spec: { type: 'opsgenie', address }, secret: { token: 'key' }, event });
  return { ...input, config: { ...input.config, annotations: { 'tocsin.dev/resolve': annotation } } };
}

function render(input: RenderInput) {
  return (opsgenie.render?.(input) ?? []).map(({ url, body }) => ({ url, body: JSON.parse(String(body)) as Record<string, unknown> }));
}

function aliasOf(event: FluxEvent, annotation = 'enabled'): unknown {
  return render(toInput(event, ADDRESS, annotation))[0]?.body['alias'];
}

function laneOf(event: FluxEvent, annotation = 'enabled') {
  const { config, target } = toInput(event, ADDRESS, annotation);
  return opsgenie.lane?.({ target, address: ADDRESS, channel: '', annotations: config.annotations, event });
}

test('failures of one object share an alias whatever their reason, and objects do not', () => {
  const other = exampleEvent({ ...FAILURE, involvedObject: { ...FAILURE.involvedObject, name: 'other' } });

  assert.equal(aliasOf(FAILURE), aliasOf(OTHER_FAILURE));
  assert.notEqual(aliasOf(FAILURE), aliasOf(other));
  assert.notEqual(aliasOf(FAILURE), aliasOf(FAILURE, 'disabled'));
  assert.notEqual(aliasOf(FAILURE, 'disabled'), aliasOf(OTHER_FAILURE, 'disabled'));
});

for (const { address, prefix, query } of [
  { address: ADDRESS, prefix: ADDRESS, query: '' },
  { address: `${ADDRESS}/`, prefix: ADDRESS, query: '' },
  { address: `${ADDRESS}?x=1&y=%20z#frag`, prefix: ADDRESS, query: '&x=1&y=%20z' },
  { address: `${ADDRESS}?`, prefix: ADDRESS, query: '' },
]) {
  test(`a recovery closes what a failure opened: ${address}`, () => {
    const [closing, ...more] = render(toInput(RECOVERY, address));

    assert.deepEqual(more, []);
    assert.equal(closing?.url, `${prefix}/${String(aliasOf(FAILURE))}/close?identifierType=alias${query}`);
    assert.deepEqual(closing?.body, { source: 'kustomize-controller', note: 'Applied revision' });
  });
}

for (const reason of ['Progressing', 'DependencyNotReady']) {
  test(`${reason} neither opens nor closes`, () => {
    assert.deepEqual(render(toInput(exampleEvent({ reason }))), []);
  });
}

test('without the annotation a recovery is an alert of its own, as with Flux', () => {
  assert.equal(render(toInput(RECOVERY, ADDRESS, 'disabled'))[0]?.url, ADDRESS);
});

test('closing what is not open is done; a missing API is not', () => {
  const [open] = opsgenie.render?.(toInput(FAILURE)) ?? [];
  const [close] = opsgenie.render?.(toInput(RECOVERY)) ?? [];
  assert.ok(open && close);

  assert.deepEqual(opsgenie.interpret?.(toResponse(404), close), { kind: 'delivered', note: 'no alert was open' });
  assert.equal(opsgenie.interpret?.(toResponse(202), close), undefined);
  assert.equal(opsgenie.interpret?.(toResponse(404), open), undefined);
});

test('a failure is not sent after its recovery, and not superseded by an event that says nothing', () => {
  assert.deepEqual(laneOf(FAILURE), laneOf(RECOVERY));
  assert.notDeepEqual(laneOf(FAILURE), laneOf(exampleEvent({ reason: 'Progressing' })));
  assert.equal(laneOf(FAILURE, 'disabled'), undefined);
});

test('names, descriptions and details are within the limits of Opsgenie', () => {
  const event = exampleEvent({
    message: '語'.repeat(20_000),
    severity: 'e'.repeat(300),
    metadata: Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`key-${index}`, 'v'.repeat(100)])),
    involvedObject: { ...FAILURE.involvedObject, name: 'n'.repeat(300) },
  });

  const [alert] = render(toInput(event, ADDRESS, 'disabled'));

  const details = alert?.body['details'] as Record<string, string>;
  const detailChars = Object.entries(details).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  assert.equal(String(alert?.body['message']).length, 130);
  assert.equal(String(alert?.body['description']).length, 15_000);
  assert.ok(detailChars <= 8_000 && detailChars > 7_000, `${detailChars}`);
  assert.match(details['more'] ?? '', /^\d+ further keys are not shown$/);
});
