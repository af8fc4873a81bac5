import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../../test/support/clock.ts';
import { toAlert, toProvider } from '../../../test/support/flux-objects.ts';
import { MemoryCluster, MemoryClusterError } from '../../../test/support/memory-cluster.ts';
import { createRecordingLog } from '../../../test/support/recording-log.ts';
import { settleDown } from '../../../test/support/until.ts';
import type { ClusterObject } from './ports.ts';
import type { Observed } from './object-status.ts';
import { StatusWriter } from './status.ts';

const API_VERSION = 'notification.toolkit.fluxcd.io/v1beta3';
const KEY = 'Provider/apps/provider';
const FINE: Observed = { findings: [], isSuspended: false };

interface Written {
  readonly observedGeneration: number;
  readonly conditions: readonly Readonly<Record<string, unknown>>[];
  readonly lastSuccess?: string;
  readonly lastError?: Readonly<Record<string, string>>;
}

function openWriter(options: { readonly isLeader?: () => boolean } = {}) {
  const api = new MemoryCluster();
  const clock = new ManualClock();
  const log = createRecordingLog();
  const writer = new StatusWriter({
    cluster: api,
    isLeader: options.isLeader ?? (() => true),
    redact: (text) => text.replaceAll('s3cret', '*****'),
    clock,
    log,
  });
  const pass = async (steps = 1): Promise<void> => {
    for (let step = 0; step < steps; step++) {
      clock.advance(200);
      await settleDown();
    }
  };
  /** As the reflection reports it after a write of anybody. */
  const observe = async (object: ClusterObject, observed: Observed = FINE): Promise<void> => {
    const { apiVersion, kind, metadata } = object;
    const resource = await api.resourceFor(apiVersion, kind);
    const before = resource === undefined ? undefined : await api.get(resource, metadata);
    writer.observe(`${kind}/${metadata.namespace}/${metadata.name}`, api.apply({ ...before, ...object }), observed);
  };
  const patches = (): readonly Written[] =>
    api.requests.filter(({ verb }) => verb === 'patchStatus').map(({ body }) => (body as { readonly status: Written }).status);
  return { api, clock, log, writer, pass, observe, patches };
}

test('an object that is fine says so once', async () => {
  const { patches, observe, pass } = openWriter();

  await observe(toProvider());
  await pass(5);
  await observe(toProvider());
  await pass(5);

  assert.deepEqual(patches(), [
    {
      observedGeneration: 1,
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'Succeeded',
          message: 'It is in use.',
          observedGeneration: 1,
          lastTransitionTime: '2026-01-05T12:00:00Z',
        },
      ],
    },
  ]);
});

const states = [
  {
    name: 'a spec that is refused',
    observed: {
      findings: [{ field: 'spec', message: 'spec must be a mapping', hint: 'Mend it.', severity: 'error' as const }],
      isSuspended: false,
    },
    want: ['False', 'InvalidSpec', 'spec must be a mapping. Mend it.'],
  },
  {
    name: 'advice',
    observed: {
      findings: [{ field: 'spec', message: 'summary is deprecated', hint: '', severity: 'warning' as const }],
      isSuspended: false,
    },
    want: ['True', 'Succeeded', 'It is in use.'],
  },
  {
    name: 'suspended',
    observed: { findings: [], isSuspended: true },
    want: ['True', 'Suspended', 'It is suspended: nothing is sent until it is resumed.'],
  },
];

for (const { name, observed, want } of states) {
  test(`the condition of ${name}`, async () => {
    const { patches, observe, pass } = openWriter();

    await observe(toAlert('alert'), observed);
    await pass();

    const [ready] = patches()[0]?.conditions ?? [];
    assert.deepEqual([ready?.['status'], ready?.['reason'], ready?.['message']], want, name);
  });
}

test('failing and recovering are written when they begin, and nothing in between', async () => {
  const { patches, observe, pass, writer, clock } = openWriter();
  await observe(toProvider());
  await pass(2);

  for (let index = 0; index < 50; index++) {
    writer.failed(KEY, 'Server', `try ${index} with s3cret: 500`);
    await pass();
  }
  clock.advance(60_000);
  for (let index = 0; index < 50; index++) {
    writer.succeeded(KEY);
    await pass();
  }

  const said = patches().map(({ conditions, lastError, lastSuccess }) => [
    conditions[0]?.['status'],
    conditions[0]?.['reason'],
    lastError?.['message'],
    lastSuccess,
  ]);
  assert.deepEqual(said, [
    ['True', 'Succeeded', undefined, undefined],
    ['False', 'Server', 'try 0 with *****: 500', undefined],
    ['True', 'Succeeded', 'try 0 with *****: 500', '2026-01-05T12:01:10Z'],
  ]);
});

test('an object that waits for another says so, until it is told that the other is there', async () => {
  const { observe, patches, pass, writer } = openWriter();
  let isThere = false;
  const blocker = () => (isThere ? undefined : { reason: 'ProviderNotFound', message: 'There is no Provider.' });
  await observe(toAlert('alert'), { ...FINE, blocker });
  await pass();

  isThere = true;
  writer.recheck(({ kind, namespace }) => kind === 'Alert' && namespace === 'apps');
  await pass();

  assert.deepEqual(
    patches().map(({ conditions }) => conditions[0]?.['reason']),
    ['ProviderNotFound', 'Succeeded'],
  );
});

test('a success is written again after ten minutes', async () => {
  const { patches, observe, pass, writer, clock } = openWriter();
  await observe(toProvider());
  writer.succeeded(KEY);
  await pass(2);

  clock.advance(9 * 60_000);
  writer.succeeded(KEY);
  await pass();
  assert.equal(patches().length, 1);
  clock.advance(2 * 60_000);
  writer.succeeded(KEY);
  await pass();

  assert.equal(patches().length, 2);
});

test('no more than five a second are written, over all objects', async () => {
  const { observe, patches, pass } = openWriter();
  for (let index = 0; index < 100; index++) await observe(toAlert(`alert-${index}`));

  await pass(5);
  assert.equal(patches().length, 5);
  await pass(95);

  assert.equal(patches().length, 100);
});

test('what changed is written before what is merely new, and of that the youngest first', async () => {
  const { api, observe, pass, writer } = openWriter();
  for (let index = 0; index < 100; index++) await observe(toAlert(`alert-${index}`));
  await observe(toProvider('failing'));
  writer.failed('Provider/apps/failing', 'Auth', 'refused');

  await pass(3);

  const written = api.requests.filter(({ verb }) => verb === 'patchStatus').map(({ what }) => what);
  assert.deepEqual(written, ['providers/apps/failing', 'alerts/apps/alert-99', 'alerts/apps/alert-98']);
});

test('only the leader writes, and a new one writes what is missing', async () => {
  let isLeader = false;
  const { observe, patches, pass, writer } = openWriter({ isLeader: () => isLeader });
  await observe(toProvider());
  writer.failed(KEY, 'Auth', 'refused');
  await pass(5);
  assert.equal(patches().length, 0);

  isLeader = true;
  writer.wake();
  await pass(5);

  assert.deepEqual(
    patches().map(({ conditions }) => conditions[0]?.['reason']),
    ['Auth'],
  );
});

test('what a status says is kept by whoever comes next', async () => {
  const first = openWriter();
  await first.observe(toProvider());
  first.writer.failed(KEY, 'Auth', 'refused');
  await first.pass(2);
  const [status] = first.patches();
  const second = openWriter();

  await second.observe({ ...toProvider(), status });
  await second.pass(5);
  assert.equal(second.patches().length, 0, 'it is still failing, as far as anybody knows');
  second.writer.succeeded(KEY);
  await second.pass();

  assert.equal(second.patches()[0]?.lastError?.['reason'], 'Auth');
  assert.equal(second.patches()[0]?.conditions[0]?.['status'], 'True');
});

test('conditions of others stay', async () => {
  const { observe, patches, pass } = openWriter();
  const foreign = {
    type: 'Audited',
    status: 'True',
    reason: 'Checked',
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
    observedGeneration: 1,
  };

  await observe({ ...toProvider(), status: { conditions: [foreign] } });
  await pass();

  assert.deepEqual(
    patches()[0]?.conditions.map(({ type }) => type),
    ['Audited', 'Ready'],
  );
});

test('a CRD without status is found out once', async () => {
  const { api, clock, log, observe, pass, patches } = openWriter();
  api.withoutStatus.add('Provider');
  for (let index = 0; index < 10; index++) await observe(toProvider(`provider-${index}`));

  await pass(20);

  assert.deepEqual(log.lines(), ['info the CRD of this kind has no status, so none is written']);
  api.withoutStatus.clear();
  clock.advance(10 * 60_000);
  await pass(20);
  assert.equal(patches().length, 10, 'a CRD that has one was installed meanwhile');
});

test('an object that is deleted meanwhile turns nothing off', async () => {
  const { api, observe, patches, pass } = openWriter();
  await observe(toProvider('gone'));
  api.remove(API_VERSION, 'Provider', { namespace: 'apps', name: 'gone' });
  await pass();

  await observe(toProvider());
  await pass();

  assert.equal(patches().length, 2, 'the other object has its status');
});

test('what the API server will never take is not shown to it again before it changes', async () => {
  const { api, observe, patches, pass, writer } = openWriter();
  await observe(toProvider());
  api.refusal = new MemoryClusterError(422, 'status.lastError.message: Too long');
  await pass(100);
  assert.equal(patches().length, 1);

  api.refusal = undefined;
  writer.failed(KEY, 'Server', 'it answered 500');
  await pass();

  assert.equal(patches().length, 2);
});

test('what cannot be written now is written later, and both are said once', async () => {
  const { api, log, observe, patches, pass } = openWriter();
  await observe(toProvider());
  api.failure = new MemoryClusterError(0, 'no answer');
  await pass();

  await pass(60);
  api.failure = undefined;
  await pass(30);

  assert.equal(patches().length, 1);
  assert.deepEqual(log.lines(), ['warn a status could not be written', 'info statuses are written again']);
});
