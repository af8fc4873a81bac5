import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { z } from 'zod';
import type { ManifestObject } from '../../routing/route.ts';
import type { ProviderDefinition } from '../../sdk/provider.ts';
import { createFluxDialect } from './dialect.ts';
import { AlertSpec, ProviderSpec } from './schema.ts';

const definitions = new Map([
  ['hook', definition('hook', ['event'], { address: z.string() })],
  ['forge', definition('forge', ['commit-status'], { address: z.string() })],
]);
const dialect = createFluxDialect({ catalog: { get: (type) => definitions.get(type), types: [...definitions.keys()] } });

function definition(type: string, accepts: ProviderDefinition['capabilities']['accepts'], config: z.ZodRawShape): ProviderDefinition {
  return {
    type,
    title: type,
    category: 'webhook',
    summary: 'A test type.',
    link: 'https://example.com/',
    since: '0.1.0',
    stability: 'stable',
    config: z.object(config),
    secret: z.object({}),
    capabilities: {
      accepts,
      commitStatusUpdates: false,
      idempotency: 'none',
      backlog: 'all',
      tlsFromSecret: false,
      passwordAsToken: false,
    },
    render: () => [],
    examples: [],
  };
}

function manifest(kind: string, spec: unknown, rest: Readonly<Record<string, unknown>> = {}): ManifestObject {
  const metadata = { namespace: 'apps', name: 'x', uid: 'u-1' };
  return { apiVersion: 'notification.toolkit.fluxcd.io/v1beta3', kind, metadata, ...(spec === undefined ? {} : { spec }), ...rest };
}

const sources = [{ kind: 'Kustomization', name: '*' }];
const minimal = { eventSources: sources, providerRef: { name: 'p' } };

test('an Alert becomes a Route with the defaults of Flux', () => {
  const { route, findings } = dialect.toRoute(
    manifest('Alert', {
      providerRef: { name: 'p' },
      eventSources: [
        { kind: 'Kustomization', name: '*', matchLabels: {} },
        { kind: 'HelmRelease', name: 'a', namespace: 'other' },
      ],
      inclusionList: ['ok', '['],
      eventMetadata: { a: 'b', dropped: null },
    }),
  );

  assert.ok(route);
  assert.equal(route.severity, 'info');
  assert.equal(route.targetKey, 'flux//apps/p');
  assert.deepEqual(
    route.selectors.map(({ kind, namespace, name, matchLabels }) => [kind, namespace, name, matchLabels === null]),
    [
      ['Kustomization', 'apps', '*', false],
      ['HelmRelease', 'other', 'a', true],
    ],
  );
  assert.deepEqual({ ...route.metadata }, { a: 'b' });
  assert.deepEqual(
    route.inclusions.map((pattern) => [pattern.test('it is ok'), pattern.error === undefined]),
    [
      [true, true],
      [false, false],
    ],
  );
  assert.deepEqual(
    findings.map(({ path, severity }) => [path.join('.'), severity]),
    [['spec.inclusionList.1', 'warning']],
  );
  assert.deepEqual((route.object['spec'] as { eventSeverity: string }).eventSeverity, 'info');
});

test('a Provider becomes a Target with the defaults of Flux', () => {
  const table = [
    { name: 'no timeout', timeout: undefined, want: 15_000 },
    { name: 'minutes and seconds', timeout: '1m30s', want: 90_000 },
    { name: 'fractions', timeout: '1.5m', want: 90_000 },
    { name: 'milliseconds', timeout: '500ms', want: 500 },
    { name: 'zero', timeout: '0s', want: 1 },
    { name: 'for ever', timeout: '99999999m', want: 86_400_000 },
  ];
  for (const { name, timeout, want } of table) {
    const spec = { type: 'hook', address: 'http://a', secretRef: { name: 's' }, ...(timeout === undefined ? {} : { timeout }) };
    const { target } = dialect.toTarget(manifest('Provider', spec));

    assert.equal(target?.timeoutMs, want, name);
    assert.deepEqual(target?.spec, { type: 'hook', address: 'http://a', secretRef: 's' }, name);
    assert.equal(target?.definition?.type, 'hook', name);
    assert.equal(target?.key, 'flux//apps/x', name);
  }
});

test('what the API server accepts is used, what it refuses is a fault with a hint', () => {
  const alert = (change: object) => manifest('Alert', { ...minimal, ...change });
  const provider = (change: object) => manifest('Provider', { type: 'hook', ...change });
  const source = (change: object) => alert({ eventSources: [{ kind: 'Kustomization', name: 'a', ...change }] });
  const table: readonly { name: string; in: ManifestObject; error?: string; warning?: string; hint?: RegExp }[] = [
    { name: 'minimal Alert', in: alert({}) },
    { name: 'no providerRef', in: manifest('Alert', { eventSources: sources }), error: 'spec.providerRef is required' },
    { name: 'no eventSources', in: manifest('Alert', { providerRef: { name: 'p' } }), error: 'spec.eventSources is required' },
    { name: 'null counts as absent', in: alert({ eventSeverity: null, suspend: null, inclusionList: null }) },
    { name: 'null in a list', in: alert({ inclusionList: [null] }), error: 'spec.inclusionList[0] must be a string, not nothing' },
    { name: 'empty name of the Provider', in: alert({ providerRef: { name: '' } }) },
    { name: 'severity', in: alert({ eventSeverity: 'Info' }), error: 'spec.eventSeverity cannot be "Info"', hint: /Did you mean info\?/ },
    { name: 'severity empty', in: alert({ eventSeverity: '' }), error: 'spec.eventSeverity cannot be ""', hint: /info, error/ },
    { name: 'severity number', in: alert({ eventSeverity: 1 }), error: 'spec.eventSeverity cannot be 1' },
    { name: 'list is text', in: alert({ inclusionList: 'x' }), error: 'spec.inclusionList must be a list, not a string', hint: /dash/ },
    {
      name: 'list of numbers',
      in: alert({ exclusionList: [1] }),
      error: 'spec.exclusionList[0] must be a string, not a number',
      hint: /quotes/,
    },
    { name: 'metadata number', in: alert({ eventMetadata: { a: 1 } }), error: 'spec.eventMetadata.a must be a string, not a number' },
    { name: 'suspend text', in: alert({ suspend: 'yes' }), error: 'spec.suspend must be true or false, not a string' },
    {
      name: 'summary 255 wide',
      in: alert({ summary: '\u{1F514}'.repeat(255) }),
      warning: 'spec.summary is deprecated',
      hint: /eventMetadata/,
    },
    { name: 'summary 256', in: alert({ summary: 'ä'.repeat(256) }), error: 'spec.summary is longer than 255 characters' },
    { name: 'sources mapping', in: alert({ eventSources: {} }), error: 'spec.eventSources must be a list, not a mapping' },
    { name: 'any kind', in: source({ kind: 'FluxInstance' }) },
    {
      name: 'mistyped kind',
      in: source({ kind: 'Kustomisation' }),
      warning: 'spec.eventSources[0].kind "Kustomisation" is no kind that Flux reports on',
      hint: /Kustomization\?/,
    },
    {
      name: 'lower-case kind',
      in: source({ kind: 'kustomization' }),
      error: 'spec.eventSources[0].kind cannot be "kustomization": a kind is one word that starts with an upper-case letter',
      hint: /Did you mean Kustomization\?/,
    },
    {
      name: 'kind star',
      in: source({ kind: '*' }),
      error: 'spec.eventSources[0].kind cannot be "*": a kind is one word that starts with an upper-case letter',
    },
    { name: 'no source name', in: alert({ eventSources: [{ kind: 'Bucket' }] }), error: 'spec.eventSources[0].name is required' },
    { name: 'empty source name', in: source({ name: '' }), error: 'spec.eventSources[0].name must not be empty' },
    { name: 'long source name', in: source({ name: 'a'.repeat(254) }), error: 'spec.eventSources[0].name is longer than 253 characters' },
    { name: 'odd source name', in: source({ name: 'Not A Name!' }) },
    { name: 'empty source namespace', in: source({ namespace: '' }), error: 'spec.eventSources[0].namespace must not be empty' },
    {
      name: 'label number',
      in: source({ matchLabels: { a: 1 } }),
      error: 'spec.eventSources[0].matchLabels.a must be a string, not a number',
    },
    {
      name: 'bad label',
      in: source({ matchLabels: { a: 'b c' } }),
      warning: 'spec.eventSources[0].matchLabels.a is no valid label value, so no object can carry it',
    },
    {
      name: 'unknown field',
      in: alert({ eventSeverty: 'info' }),
      warning: 'spec.eventSeverty is not a field and is ignored',
      hint: /Did you mean eventSeverity\?/,
    },
    { name: 'unknown source field', in: source({ filter: 'true' }), warning: 'spec.eventSources[0].filter is not a field and is ignored' },
    {
      name: 'unknown field beside spec',
      in: manifest('Alert', minimal, { specs: {} }),
      warning: 'specs is not a field and is ignored',
      hint: /Did you mean spec\?/,
    },
    { name: 'Alert without spec', in: manifest('Alert', undefined), warning: 'the Alert has no spec, so it matches nothing' },
    { name: 'spec null', in: manifest('Provider', null), warning: 'the Provider has no spec, so nothing can be sent' },
    { name: 'spec list', in: manifest('Provider', []), error: 'spec must be a mapping' },
    { name: 'no type', in: manifest('Provider', {}), error: 'spec.type is required' },
    {
      name: 'unknown type',
      in: provider({ type: 'hooc' }),
      error: 'spec.type "hooc" is no known Provider type',
      hint: /Did you mean hook\?/,
    },
    { name: 'type number', in: provider({ type: 1 }), error: 'spec.type must be a string, not a number' },
    { name: 'type of Flux only', in: provider({ type: 'telegram' }), warning: 'this version cannot send to Providers of type "telegram"' },
    { name: 'timeout hours', in: provider({ timeout: '1h' }), error: 'spec.timeout does not match ^([0-9]+(\\.[0-9]+)?(ms|s|m))+$' },
    { name: 'timeout zero', in: provider({ timeout: '0s' }), warning: 'spec.timeout is zero, so every attempt fails' },
    { name: 'interval', in: provider({ interval: '1h30m' }), warning: 'spec.interval is deprecated and has no effect' },
    { name: 'interval days', in: provider({ interval: '1d' }), error: 'spec.interval does not match ^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$' },
    { name: 'proxy', in: provider({ proxy: 'http://p' }), warning: 'spec.proxy is deprecated', hint: /proxySecretRef/ },
    { name: 'proxy scheme', in: provider({ proxy: 'ftp://user:pass@p' }), error: 'spec.proxy does not match ^(http|https)://.*$' },
    { name: 'proxy line break', in: provider({ proxy: 'http://a\nb' }), error: 'spec.proxy does not match ^(http|https)://.*$' },
    { name: 'long address', in: provider({ address: 'a'.repeat(2049) }), error: 'spec.address is longer than 2048 characters' },
    { name: 'wide address', in: provider({ address: '\u{1F514}'.repeat(2048) }) },
    {
      name: 'secretRef text',
      in: provider({ secretRef: 'a' }),
      error: 'spec.secretRef must be a mapping, not a string',
      hint: /name: example/,
    },
    { name: 'secretRef without name', in: provider({ secretRef: {} }), error: 'spec.secretRef.name is required' },
    {
      name: 'secretRef with key',
      in: provider({ secretRef: { name: 'a', key: 'b' } }),
      warning: 'spec.secretRef.key is not a field and is ignored',
    },
    { name: 'unused channel', in: provider({ channel: 'c' }), warning: 'spec.channel is not used by the type "hook"' },
    { name: 'status expression', in: provider({ type: 'forge', commitStatusExpr: "'x'" }) },
    { name: 'empty status expression', in: provider({ type: 'forge', commitStatusExpr: '' }) },
    {
      name: 'status expression elsewhere',
      in: provider({ commitStatusExpr: "'x'" }),
      error:
        "spec.commitStatusExpr is only supported for the 'github', 'gitlab', 'gitea', 'bitbucketserver', 'bitbucket', 'azuredevops' provider types",
    },
    {
      name: 'old version',
      in: manifest('Alert', minimal, { apiVersion: 'notification.toolkit.fluxcd.io/v1beta2' }),
      warning: 'apiVersion notification.toolkit.fluxcd.io/v1beta2 is deprecated',
      hint: /v1beta3/,
    },
    {
      name: 'oldest version',
      in: manifest('Provider', { type: 'hook' }, { apiVersion: 'notification.toolkit.fluxcd.io/v1beta1' }),
      warning: 'apiVersion notification.toolkit.fluxcd.io/v1beta1 is deprecated',
    },
    { name: 'newest version', in: manifest('Alert', minimal, { apiVersion: 'notification.toolkit.fluxcd.io/v1' }) },
    {
      name: 'unknown version',
      in: manifest('Alert', minimal, { apiVersion: 'notification.toolkit.fluxcd.io/v2' }),
      error: 'apiVersion "notification.toolkit.fluxcd.io/v2" is unknown',
    },
    {
      name: 'no version',
      in: manifest('Alert', minimal, { apiVersion: 'notification.toolkit.fluxcd.io' }),
      error: 'apiVersion lacks the version',
    },
    {
      name: 'mistyped group',
      in: manifest('Alert', minimal, { apiVersion: 'notifications.toolkit.fluxcd.io/v1' }),
      error: 'apiVersion "notifications.toolkit.fluxcd.io/v1" is unknown',
      hint: /notification\.toolkit/,
    },
    {
      name: 'mistyped kind of object',
      in: manifest('Alerts', minimal),
      error: 'kind "Alerts" does not exist in notification.toolkit.fluxcd.io',
      hint: /Did you mean Alert\?/,
    },
  ];
  for (const { name, in: object, error, warning, hint } of table) {
    assert.equal(dialect.claims(object), true, name);
    const { route, target, findings } = dialect.translate(object);

    const errors = findings.filter(({ severity }) => severity === 'error').map(({ message }) => message);
    const warnings = findings.filter(({ severity }) => severity === 'warning').map(({ message }) => message);
    assert.deepEqual(errors, error === undefined ? [] : [error], name);
    if (error === undefined) assert.deepEqual(warnings, warning === undefined ? [] : [warning], name);
    assert.equal(route !== null || target !== null, error === undefined, name);
    if (hint !== undefined) assert.match(findings[0]?.hint ?? '', hint, name);
    for (const finding of findings) assert.match(finding.hint, /[.?]$/, name);
  }
});

test('a status expression that does not compile is kept with its error', () => {
  const { target, findings } = dialect.toTarget(manifest('Provider', { type: 'forge', commitStatusExpr: 'event.severity' }));

  assert.ok(target?.statusExpression && 'error' in target.statusExpression);
  assert.match(findings[0]?.message ?? '', /^spec\.commitStatusExpr does not compile: /);
});

test('annotations for commit statuses are checked', () => {
  const link = '"https://console.example.com/" + event.involvedObject.name';
  const table: { name: string; type?: string; annotations: Record<string, string>; want: readonly RegExp[] }[] = [
    { name: 'all good', annotations: { 'tocsin.dev/target-url': link, 'tocsin.dev/pending-status': 'enabled' }, want: [] },
    { name: 'an empty link', annotations: { 'tocsin.dev/target-url': ' ' }, want: [] },
    {
      name: 'a link of another type',
      annotations: { 'tocsin.dev/target-url': 'event' },
      want: [/^the annotation tocsin\.dev\/target-url does not compile: .*expected string, got/],
    },
    {
      name: 'an unknown value',
      annotations: { 'tocsin.dev/pending-status': 'true' },
      want: [/^the annotation tocsin\.dev\/pending-status has no effect, because its value is "true"$/],
    },
    {
      name: 'a type without statuses',
      type: 'hook',
      annotations: { 'tocsin.dev/target-url': 'no CEL', 'tocsin.dev/pending-status': 'enabled' },
      want: [/pending-status has no effect, because the type "hook" sets no commit status$/, /target-url has no effect/],
    },
  ];
  for (const { name, type = 'forge', annotations, want } of table) {
    const metadata = { namespace: 'apps', name: 'p', uid: 'u', annotations };

    const { target, findings } = dialect.toTarget(manifest('Provider', { type }, { metadata }));

    assert.equal(findings.length, want.length, `${name}: ${findings.map(({ message }) => message).join('; ')}`);
    for (const [index, pattern] of want.entries()) {
      assert.match(findings[index]?.message ?? '', pattern, name);
      assert.deepEqual(findings[index]?.path.slice(0, 2), ['metadata', 'annotations'], name);
    }
    assert.ok(target !== null, name);
  }
});

test('claims its own group and what was meant to be in it, but no Receiver and no other object', () => {
  const table = [
    { apiVersion: 'notification.toolkit.fluxcd.io/v1', kind: 'Receiver', want: false },
    { apiVersion: 'v1', kind: 'Secret', want: false },
    { apiVersion: 'monitoring.example.com/v1', kind: 'Alert', want: false },
    { apiVersion: 'pkg.crossplane.io/v1', kind: 'Provider', want: false },
    { apiVersion: 'notification.fluxcd.io/v1beta3', kind: 'Alert', want: true },
    { apiVersion: '', kind: 'Alert', want: true },
    { apiVersion: 'notification.toolkit.fluxcd.io/v9', kind: 'Anything', want: true },
  ];
  for (const { want, ...header } of table) assert.equal(dialect.claims(header), want, `${header.apiVersion} ${header.kind}`);
});

test('a key such as __proto__ is only data', () => {
  const spec = JSON.parse(
    '{"__proto__":{"type":"hook"},"eventSources":[],"providerRef":{"name":"p"},"eventMetadata":{"__proto__":"x","constructor":"y"}}',
  ) as object;
  const { route } = dialect.toRoute(manifest('Alert', spec));

  assert.deepEqual(Object.entries(route?.metadata ?? {}), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
  assert.equal(({} as Readonly<Record<string, unknown>>)['type'], undefined);
});

test('the hash changes with the object and only then', () => {
  assert.equal(hash({}), hash({}));
  assert.notEqual(hash({}), hash({ suspend: true }));
  assert.notEqual(hash({}), hash({}, { a: 'b' }));
});

function hash(change: object, annotations = {}): string | undefined {
  const metadata = { namespace: 'apps', name: 'x', uid: 'u', annotations };
  return dialect.toRoute(manifest('Alert', { ...minimal, ...change }, { metadata })).route?.hash;
}

test('every field has a description that is a sentence', () => {
  for (const [name, schema] of Object.entries({ ...AlertSpec.shape, ...ProviderSpec.shape })) {
    const description =
      schema.meta()?.description ?? (schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType).meta()?.description : undefined);
    assert.match(description ?? '', /^[A-Z].{10,200}\.$/, name);
  }
});

test('random objects never throw, and hostile text never reaches a message raw', () => {
  const value = fc.anything({ maxDepth: 4, withNullPrototype: true });
  const kind = fc.oneof(fc.constantFrom('Alert', 'Provider', 'Receiver'), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(kind, value, fc.dictionary(fc.string({ unit: 'binary' }), value), (name, spec, fields) => {
      const { findings } = dialect.translate(manifest(name, fc.stringify(spec).length % 2 === 0 ? spec : { ...minimal, ...fields }));
      for (const { message } of findings) assert.doesNotMatch(message, /[\p{Cc}\p{Zl}\p{Zp}]/u);
    }),
    { numRuns: 300 },
  );
});
