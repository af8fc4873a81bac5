// What every provider promises, whoever wrote it. There is no line per provider here: the catalog is the list.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { catalog } from '../../internal/catalog/catalog.ts';
import { typeOfFile } from '../../internal/catalog/derive/provider-list.ts';
import { CORE_FIELDS } from '../../internal/sdk/define.ts';
import { type HttpRequest, type HttpResponse, TransportError } from '../../internal/sdk/http.ts';
import { ConfigFault, type ProviderExample, type RenderInput } from '../../internal/sdk/provider.ts';
import { outcomeOfStatus } from '../../internal/sdk/status-outcome.ts';
import { NOW_MS, toRenderInput, toResponse } from '../support/provider-run.ts';
import { anyEvent } from './hostile.ts';
import { isFailure, run, STATUS_ID, toInput } from './run-provider.ts';

const root = join(import.meta.dirname, '../..');
const README_SECTIONS = ['What', 'Minimal YAML', 'Auth', 'Limits', 'Failure modes'];
const RUNS = 200;
const definitions = catalog.types.flatMap((type) => catalog.get(type) ?? []);
const files = globSync('providers/*/*.provider.ts', { cwd: root });

test('the catalog holds every provider file and nothing else', () => {
  assert.deepEqual([...catalog.types].toSorted(), files.map(typeOfFile).toSorted());
  assert.ok(catalog.types.length > 0);
});

for (const definition of definitions) {
  const { type } = definition;
  const isSession = definition.capabilities.transport === 'session';
  const examples = definition.examples.map((example) => ({ example, input: toInput(example) }));

  test(`${type}: the page has every section, and a manifest that is valid`, () => {
    const folder = dirname(files.find((path) => typeOfFile(path) === type) ?? '');
    const page = readFileSync(join(root, folder, 'README.md'), 'utf8');

    for (const section of README_SECTIONS) assert.match(page, new RegExp(`^## ${section}$`, 'm'), section);
    assert.ok(page.includes(`type: ${type}\n`));
    assert.ok(existsSync(join(root, folder, 'cases')));
  });

  test(`${type}: examples are sent`, async () => {
    for (const { example, input } of examples) {
      const { outcome, requests } = await run(definition, input, () => toResponse(200, []));
      assert.ok(requests.length > 0 || outcome instanceof ConfigFault, example.title);
      for (const request of requests) assert.match(request.url, isSession ? /^tcp:\/\// : /^https?:\/\//, example.title);
    }
  });

  test(`${type}: the same input gives the same requests, and nothing of it is changed`, async () => {
    for (const { input } of examples) {
      const frozen = deepFreeze(input);

      const first = await run(definition, frozen, () => toResponse(200, []));
      const second = await run(definition, frozen, () => toResponse(200, []));

      assert.deepEqual(withoutJwt(second.requests), withoutJwt(first.requests));
    }
  });

  test(`${type}: no answer and no failure brings a secret into an outcome or an error`, async () => {
    for (const { example } of examples) {
      const { input, canaries } = withCanaries(example);
      for (const { name, answer } of echoes(canaries)) {
        const { outcome } = await run(definition, input, answer);
        const told = outcome instanceof Error ? `${outcome.message}\n${String(outcome.stack)}` : JSON.stringify(outcome);
        for (const canary of canaries) assert.ok(!told.includes(canary), `${name}: ${told.replaceAll(canary, '<CANARY>').slice(0, 300)}`);
      }
    }
  });

  test(`${type}: a status means what it means everywhere`, async () => {
    // A session knows no statuses; what its protocol refuses with is tested beside it.
    if (isSession) return;
    for (const status of [401, 404, 413, 425, 500, 502, 503, 504]) {
      const { input } = examples[0] as (typeof examples)[number];
      const { outcome } = await run(definition, input, () => toResponse(status, ''));
      const expected = outcomeOfStatus({ status, headers: {} }, NOW_MS);
      // A page in the place of the vendor's JSON may count as a failing server whatever its status.
      const isAllowed = outcome !== undefined && !(outcome instanceof Error) && ['deferred', 'retry', 'rejected'].includes(outcome.kind);
      assert.ok(isAllowed, `${status}`);
      if (!isAllowed || outcome.kind === 'delivered' || expected.kind === 'delivered') continue;
      assert.ok(outcome.reason === expected.reason || outcome.reason === 'server', `${status}: ${outcome.reason}`);
    }
  });

  test(`${type}: a vendor that asks for time gets it`, async () => {
    if (isSession) return;
    const { input } = examples[0] as (typeof examples)[number];
    for (const status of [429, 503]) {
      const { outcome } = await run(definition, input, () => toResponse(status, '', { 'retry-after': '7' }));
      assert.ok(outcome !== undefined && !(outcome instanceof Error) && outcome.kind === 'deferred', inspect(outcome));
      assert.deepEqual(outcome.until, { afterMs: 7_000 });
    }
  });

  test(`${type}: a broken connection is told as the transport told it, and is never a delivery`, async () => {
    const { input } = examples[0] as (typeof examples)[number];
    if (definition.send === undefined) return;
    for (const failure of [
      new TransportError('network', 'reset'),
      new TransportError('timeout', 'late'),
      new DOMException('x', 'AbortError'),
    ]) {
      assert.equal((await run(definition, input, fail(failure))).outcome, failure);
    }
  });

  test(`${type}: a repeat can be told from a new message where that is promised`, async () => {
    const { input } = examples[0] as (typeof examples)[number];
    if (definition.capabilities.idempotency !== 'key') return;
    const { requests } = await run(definition, input, () => toResponse(200, []));
    assert.ok(requests.every((request) => JSON.stringify([request.headers, request.body]).includes(input.deliveryId)));
  });

  test(`${type}: random events are sent or refused, and never a fault of configuration or a bug`, async () => {
    const { example } = examples[0] as (typeof examples)[number];
    await fc.assert(
      fc.asyncProperty(anyEvent, fc.string({ unit: 'binary', minLength: 1 }), async (event, statusId) => {
        const input = toInput({ ...example, event }, statusId);
        definition.lane?.({ target: input.target, address: input.config.address, channel: '', event, statusId });
        const { outcome, requests } = await run(definition, input, () => toResponse(200, []));
        assert.ok(!isFailure(definition, outcome), inspect(outcome));
        for (const request of requests) checkHeaders(request);
      }),
      { numRuns: RUNS },
    );
  });

  test(`${type}: random addresses and keys are a fault of configuration or are sent`, async () => {
    const { example } = examples[0] as (typeof examples)[number];
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl()), fc.string({ unit: 'binary' }), async (address, value) => {
        const secret = Object.fromEntries(Object.keys(example.secret ?? {}).map((key) => [key, key === 'headers' ? 'a: b' : value]));
        const input = toRenderInput({ spec: { ...example.spec, address }, secret, event: example.event, statusId: STATUS_ID });
        const { outcome } = await run(definition, input, () => toResponse(200, []));
        assert.ok(outcome instanceof ConfigFault || !isFailure(definition, outcome), inspect(outcome));
      }),
      { numRuns: RUNS },
    );
  });

  test(`${type}: fields of the core are not described twice`, () => {
    assert.deepEqual(
      Object.keys(definition.config.shape).filter((name) => (CORE_FIELDS as readonly string[]).includes(name)),
      [],
    );
  });
}

/** Every value of the Secret is replaced by a mark that is seen when it comes out somewhere. */
function withCanaries(example: ProviderExample): { input: RenderInput; canaries: readonly string[] } {
  const canaries: string[] = [];
  const mark = (key: string) => {
    const canary = `CANARY-${key}-${canaries.length}`;
    canaries.push(canary);
    return canary;
  };
  const secret = Object.fromEntries(
    Object.entries(example.secret ?? {}).map(([key, value]) => {
      if (key === 'headers') return [key, `X-Canary: ${mark(key)}`];
      if (key === 'address') return [key, `https://hooks.example.com/services/${mark(key)}`];
      return [key, /^\d+$/.test(value) ? value : mark(key)];
    }),
  );
  return { input: toInput({ ...example, secret }), canaries };
}

function echoes(canaries: readonly string[]): readonly { name: string; answer: () => HttpResponse }[] {
  const echo = canaries.join(' ');
  const statuses = [200, 201, 204, 301, 400, 401, 403, 404, 409, 422, 429, 500, 503];
  return [
    ...statuses.flatMap((status) => [
      {
        name: `${status} text`,
        answer: () => toResponse(status, status === 204 ? '' : echo, { location: `https://x.example.com/${echo}` }),
      },
      {
        name: `${status} JSON`,
        answer: () => toResponse(status, status === 204 ? '' : { ok: false, error: echo, message: echo, errors: [echo] }),
      },
    ]),
    { name: 'time-out', answer: fail(new TransportError('timeout', 'no answer in time')) },
    { name: 'reset', answer: fail(new TransportError('network', 'connection reset')) },
    { name: 'abort', answer: fail(new DOMException('This operation was aborted', 'AbortError')) },
  ];
}

function fail(error: Error): () => never {
  return () => {
    throw error;
  };
}

function checkHeaders({ headers }: HttpRequest): void {
  for (const [name, value] of headers) {
    assert.match(name, /^[A-Za-z0-9-]+$/);
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(value, /[\x00-\x08\x0a-\x1f\x7f]/, name);
  }
}

function withoutJwt(requests: readonly HttpRequest[]): readonly HttpRequest[] {
  return requests.map((request) => ({ ...request, headers: request.headers.filter(([name]) => name !== 'authorization') }));
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
