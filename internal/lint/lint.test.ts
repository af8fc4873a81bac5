// What lint does as a whole; each check has its own file of folders that are broken in its way.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { cpuMs } from '../../test/support/cpu-time.ts';
import {
  ALL,
  alert,
  CANARY,
  GROUP,
  kustomization,
  lintFiles,
  provider,
  readPaths,
  secret,
  withFiles,
} from '../../test/support/lint-folders.ts';
import { catalog } from '../catalog/catalog.ts';
import type { Redactor } from '../sdk/transport.ts';
import { createRedactor } from '../telemetry/redactor.ts';
import { lintFolder } from './lint.ts';

test('a path without Alerts and Providers does not pass as clean', async () => {
  const [finding] = await lintFiles({ 'values.yaml': 'a: 1\n' });

  assert.equal(finding?.rule, 'nothing-to-check');
});

test('the samples are clean', async () => {
  const folder = await readPaths([join(import.meta.dirname, '..', '..', 'manifests', 'samples')]);

  assert.deepEqual(await lintFolder(folder, createRedactor()), []);
});

test('the examples of every type are clean', async () => {
  const text = catalog.types.flatMap((type) =>
    (catalog.get(type)?.examples ?? []).map((example, number) => {
      const name = `${type.replaceAll('.', '-')}-${number}`;
      const ref = example.secret === undefined ? {} : { secretRef: { name } };
      const manifests = [
        { apiVersion: `${GROUP}/v1beta3`, kind: 'Provider', metadata: { name, namespace: name }, spec: { ...example.spec, ...ref } },
        ...(example.secret === undefined
          ? []
          : [{ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: name }, stringData: example.secret }]),
      ];
      return manifests.map((manifest) => `---\n${JSON.stringify(manifest)}\n`).join('');
    }),
  );

  const findings = await lintFiles({ 'examples.yaml': text.join('') });

  const errors = findings.filter(({ severity, message }) => severity === 'error' && !/private.key/.test(message));
  assert.deepEqual(errors, []);
});

test('random documents never throw', async () => {
  const key = fc.constantFrom(
    'apiVersion',
    'kind',
    'metadata',
    'spec',
    'name',
    'namespace',
    'type',
    'address',
    'providerRef',
    'eventSources',
    'secretRef',
    'data',
    'stringData',
    'token',
    '__proto__',
  );
  const scalar = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom(
      'Alert',
      'Provider',
      'Secret',
      'v1',
      `${GROUP}/v1beta3`,
      'generic',
      'slack',
      '*',
      '${x}',
      'https://%zz',
      '(',
      'a|b',
      '\\Q',
      '[',
      '(?i',
    ),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
  );
  const anything = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, scalar, fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(key, tie('value'), { maxKeys: 6 })),
  })).value;
  const manifest = fc.record({
    apiVersion: scalar,
    kind: scalar,
    metadata: fc.oneof(anything, fc.record({ name: scalar, namespace: scalar })),
    spec: anything,
    stringData: anything,
  });
  const shaped = fc.record({
    apiVersion: fc.constant(`${GROUP}/v1beta3`),
    kind: fc.constantFrom('Alert', 'Provider'),
    metadata: fc.constant({ name: 'hook', namespace: 'apps' }),
    spec: fc.record({
      type: fc.constantFrom(...catalog.types),
      address: fc.string({ unit: 'binary', maxLength: 40 }),
      providerRef: fc.constant({ name: 'hook' }),
      eventSources: fc.array(fc.record({ kind: fc.constant('Alert'), name: fc.string({ minLength: 1, maxLength: 5 }) }), { maxLength: 3 }),
      inclusionList: fc.array(fc.string({ maxLength: 8 }), { maxLength: 3 }),
      exclusionList: fc.array(fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('.*', '(?i)a', '\\Qa|b', 'a|', '[]a]', '(a|b)*c{2}')), {
        maxLength: 3,
      }),
    }),
  });

  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(manifest, shaped), { maxLength: 5 }), async (documents) => {
      const findings = await lintFiles({ 'a.yaml': documents.map((document) => `---\n${JSON.stringify(document)}\n`).join('') });

      for (const { line, message, hint } of findings) assert.ok(line >= 0 && message !== '' && hint !== '');
    }),
    { numRuns: 150 },
  );
});

test('the work grows with the number of manifests, not faster', async () => {
  const few = await leastWork(250);
  const many = await leastWork(1_000);

  // Four times the manifests; the rest is room for collecting garbage.
  assert.ok(many < 4 * few * 4, `250 take ${few} ms, 1000 take ${many} ms`);
});

async function leastWork(manifests: number): Promise<number> {
  const text = Array.from({ length: manifests / 4 }, (_, number) => fleet(number)).join('');
  return withFiles({ 'many.yaml': text }, async (path) => {
    let leastMs = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 3; run += 1) {
      const spentMs = await cpuMs(async () => {
        const findings = await lintFolder(await readPaths([path]), createRedactor());
        assert.ok(findings.length >= manifests / 8 - 2 && findings.length < manifests, `${findings.length} findings`);
      });
      leastMs = Math.min(leastMs, spentMs);
    }
    return leastMs;
  });
}

/** Four manifests; those of even numbers send to one place, the worst case for the search of overlaps. */
function fleet(number: number): string {
  const isShared = number % 2 === 0;
  const namespace = isShared ? 'apps' : `team-${number}`;
  const name = isShared && number > 0 ? `slack-${number}` : 'slack';
  return [
    provider(`hook-${number}`, 'type: slack\nsecretRef: { name: slack }', namespace),
    secret(name, `address: https://hooks.slack.com/services/${isShared ? 0 : number}`, namespace),
    kustomization(`web-${number}`, namespace),
    alert(`all-${number}`, `providerRef: { name: hook-${number} }\n${ALL}\nexclusionList: ["waiting ${number}"]`, namespace),
  ].join('');
}

test('what a type says in a refusal is redacted', async () => {
  const added: string[] = [];
  const redactor: Redactor = { add: (value) => added.push(value), redact: (text) => text };

  await lintFiles(
    { 'a.yaml': provider('hook', 'type: slack\nsecretRef: { name: hook }') + secret('hook', `address: ${CANARY}`) },
    redactor,
  );

  assert.ok(added.includes(CANARY), 'the redactor knows the value before the type sees it');
});
