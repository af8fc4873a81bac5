import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { createCertificateAuthority } from '../../test/support/certificates.ts';
import type { ProviderSpec, Target } from '../routing/route.ts';
import { type ResolvedTarget, SecretUnavailable } from '../sdk/credentials.ts';
import { type Capabilities, ConfigFault, type ProviderDefinition } from '../sdk/provider.ts';
import { createResolver } from './resolver.ts';
import type { SecretData } from './source.ts';

const CHAT: Capabilities = {
  accepts: ['event'],
  commitStatusUpdates: false,
  idempotency: 'none',
  backlog: 'latest',
  tlsFromSecret: false,
  passwordAsToken: false,
};
const FORGE: Capabilities = { ...CHAT, accepts: ['commit-status'], tlsFromSecret: true, passwordAsToken: true };
const AUTHORITY = createCertificateAuthority('resolver test');
const OTHER = createCertificateAuthority('other');
const CLIENT = AUTHORITY.issueClient('resolver');

type Texts = Readonly<Record<string, string | Buffer>>;

function newTarget(spec: Partial<ProviderSpec>, capabilities: Capabilities): Target {
  const definition: ProviderDefinition = {
    type: 'sample',
    title: 'Sample',
    category: 'chat',
    summary: 'A sample.',
    link: 'https://example.com',
    since: '0.1.0',
    stability: 'stable',
    config: z.object({}),
    secret: z.object({ token: z.string().optional(), appKey: z.string().optional(), address: z.string().optional() }),
    capabilities,
    examples: [],
  };
  const ref = { dialect: 'flux', tenant: '', namespace: 'apps', name: 'hook', uid: 'u' };
  return {
    ref,
    key: 'flux//apps/hook',
    type: 'sample',
    definition,
    spec: { type: 'sample', ...spec },
    annotations: { a: 'b' },
    suspended: false,
    timeoutMs: 15_000,
    statusExpression: null,
    object: { apiVersion: 'v1', kind: 'Provider', metadata: { namespace: 'apps', name: 'hook', uid: 'u' } },
    hash: JSON.stringify(spec),
  };
}

function toData(texts: Texts): SecretData {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text)]));
}

interface Setup {
  readonly spec?: Partial<ProviderSpec>;
  readonly capabilities?: Capabilities;
  readonly secrets?: Readonly<Record<string, Texts>>;
  readonly gate?: boolean;
}

async function resolve({
  spec = {},
  capabilities = CHAT,
  secrets = {},
  gate = false,
}: Setup): Promise<ResolvedTarget & { concealed: ReadonlySet<string> }> {
  const concealed = new Set<string>();
  const resolver = createResolver({
    secrets: {
      get(namespace, name) {
        assert.equal(namespace, 'apps');
        const texts = secrets[name];
        return Promise.resolve(texts === undefined ? undefined : toData(texts));
      },
    },
    redactor: { add: (secret) => concealed.add(secret), redact: (text) => text },
    featureGates: { objectLevelWorkloadIdentity: gate },
  });
  return { ...(await resolver.resolve(newTarget(spec, capabilities))), concealed };
}

function withSecret(secret: Texts, rest: Setup = {}): Setup {
  return { ...rest, spec: { secretRef: 's', ...rest.spec }, secrets: { s: secret, ...rest.secrets } };
}

test('configuration: what comes from the Secret and what from the spec', async () => {
  const spec = { address: 'https://spec.example/hook', username: 'spec-user', channel: 'general' };
  const none = {
    address: spec.address,
    channel: 'general',
    username: 'spec-user',
    password: '',
    token: '',
    headers: {},
    secret: {},
    annotations: { a: 'b' },
  };
  const cases: readonly (readonly [name: string, secret: Texts, want: object, capabilities?: Capabilities])[] = [
    ['nothing', {}, {}],
    ['address', { address: ' https://secret.example/x \n' }, { address: 'https://secret.example/x' }],
    ['empty address', { address: '' }, { address: '' }],
    ['blank address', { address: ' \n' }, { address: '' }],
    ['2048 bytes', { address: `http://h/${'a'.repeat(2039)}` }, { address: `http://h/${'a'.repeat(2039)}` }],
    ['token, untrimmed', { token: ' spaced token\n' }, { token: ' spaced token\n' }],
    ['empty token', { token: '' }, {}],
    ['pair', { username: 'u', password: 'p' }, { username: 'u', password: 'p' }],
    ['user name only', { username: 'u' }, {}],
    ['password only', { password: 'p' }, {}],
    ['password only, with a token', { password: 'p', token: 't' }, { token: 't' }],
    ['password only, with a token, forge', { password: 'p', token: 't' }, { token: 't' }, FORGE],
    ['password as token', { username: 'u', password: 'p' }, { username: 'u', password: 'p', token: 'p' }, FORGE],
    ['token before password', { username: 'u', password: 'p', token: 't' }, { username: 'u', password: 'p', token: 't' }, FORGE],
    ['token beside a broken CA', { token: 't', 'ca.crt': 'garbage' }, { token: 't' }],
    ['token beside half an app', { token: 't', githubAppID: '1', githubAppPrivateKey: 'x' }, { token: 't' }],
    ['headers', { headers: 'b: 1.50\nfoo: bar\n' }, { headers: { b: '1.5', foo: 'bar' } }],
    ['declared key', { appKey: 'k', other: 'o' }, { secret: { appKey: 'k' } }],
    ['hostile key', { __proto__: 'x', constructor: 'y' }, {}],
  ];

  for (const [name, secret, want, capabilities] of cases) {
    const { config } = await resolve(withSecret(secret, { spec, capabilities: capabilities ?? CHAT }));
    assert.deepEqual(config, { ...none, ...want }, name);
  }
});

test('the proxy: proxySecretRef, then the Secret, then the spec', async () => {
  const spec = { proxy: 'http://spec:3128' };
  const cases: readonly (readonly [name: string, setup: Setup, want: string | undefined])[] = [
    ['none', {}, undefined],
    ['spec', { spec }, 'http://spec:3128'],
    ['spec with user info', { spec: { proxy: 'http://u:p@spec:3128' } }, 'http://u:p@spec:3128'],
    ['secret', withSecret({ proxy: ' http://secret:3128\n' }, { spec }), 'http://secret:3128'],
    ['invalid spec, valid secret', withSecret({ proxy: 'http://secret:3128' }, { spec: { proxy: 'http://bad|' } }), 'http://secret:3128'],
    ['unknown scheme in secret', withSecret({ proxy: 'ftp://secret:1' }), 'ftp://secret:1'],
    ['empty in secret', withSecret({ proxy: '' }, { spec }), undefined],
    [
      'ref',
      withSecret({ proxy: 'http://secret:1' }, { spec: { ...spec, proxySecretRef: 'p' }, secrets: { p: { address: 'http://ref:1' } } }),
      'http://ref:1',
    ],
    ['ref socks5', { spec: { proxySecretRef: 'p' }, secrets: { p: { address: 'socks5://ref:1080' } } }, 'socks5://ref:1080'],
    [
      'ref with credentials',
      { spec: { proxySecretRef: 'p' }, secrets: { p: { address: 'http://ref:1', username: 'us er', password: 'p@ss:word' } } },
      'http://us%20er:p%40ss%3Aword@ref:1',
    ],
    [
      'ref, keys before inline',
      { spec: { proxySecretRef: 'p' }, secrets: { p: { address: 'http://u:p@ref:1', username: 'x', password: 'y' } } },
      'http://x:y@ref:1',
    ],
    ['ref, inline only', { spec: { proxySecretRef: 'p' }, secrets: { p: { address: 'http://u:p@ref:1' } } }, 'http://u:p@ref:1'],
    [
      'ref, user name only',
      { spec: { proxySecretRef: 'p' }, secrets: { p: { address: 'http://ref:1', username: 'u' } } },
      'http://u:@ref:1',
    ],
    ['ref, password only', { spec: { proxySecretRef: 'p' }, secrets: { p: { address: 'http://ref:1', password: 'x' } } }, 'http://ref:1'],
  ];

  for (const [name, setup, want] of cases) assert.equal((await resolve(setup)).connection.proxyUrl, want, name);
});

test('TLS: certSecretRef wins, every type honours it, keys of secretRef only where the type says so', async () => {
  const ca = AUTHORITY.cert;
  const { cert, key } = CLIENT;
  const inRef = (data: Texts, rest: Setup = {}): Setup => ({
    ...rest,
    spec: { certSecretRef: 'c', ...rest.spec },
    secrets: { c: data, ...rest.secrets },
  });
  const cases: readonly (readonly [name: string, setup: Setup, want: readonly string[]])[] = [
    ['no secret', {}, []],
    ['ca.crt', inRef({ 'ca.crt': ca }), ['ca']],
    ['caFile', inRef({ caFile: ca }), ['ca']],
    ['ca.crt before caFile', inRef({ 'ca.crt': ca, caFile: 'garbage' }), ['ca']],
    [
      'a bundle with one readable certificate',
      inRef({ 'ca.crt': `# comment\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n${ca}` }),
      ['ca'],
    ],
    ['mTLS', inRef({ 'ca.crt': ca, 'tls.crt': cert, 'tls.key': key }), ['ca', 'cert', 'key']],
    ['mTLS, legacy', inRef({ caFile: ca, certFile: cert, keyFile: key }), ['ca', 'cert', 'key']],
    ['client certificate only', inRef({ 'tls.crt': cert, 'tls.key': key }), ['cert', 'key']],
    [
      'certSecretRef before a broken secretRef',
      inRef({ 'ca.crt': ca }, withSecret({ 'ca.crt': 'garbage' }, { capabilities: FORGE, spec: { certSecretRef: 'c' } })),
      ['ca'],
    ],
    ['secretRef of a chat', withSecret({ 'ca.crt': ca }), []],
    ['secretRef of a chat, broken', withSecret({ 'ca.crt': 'garbage' }), []],
    ['secretRef of a forge', withSecret({ 'ca.crt': ca }, { capabilities: FORGE }), ['ca']],
    [
      'secretRef of a forge, mTLS',
      withSecret({ 'ca.crt': ca, 'tls.crt': cert, 'tls.key': key }, { capabilities: FORGE }),
      ['ca', 'cert', 'key'],
    ],
    ['secretRef of a forge, no TLS', withSecret({ token: 't' }, { capabilities: FORGE }), []],
    ['secretRef of a forge, certificate without key', withSecret({ 'ca.crt': ca, 'tls.crt': cert }, { capabilities: FORGE }), []],
  ];

  for (const [name, setup, want] of cases) {
    const { connection } = await resolve(setup);
    assert.deepEqual(Object.keys(connection.tls ?? {}), want, name);
    if (want.includes('ca')) assert.match(connection.tls?.ca ?? '', /BEGIN CERTIFICATE/, name);
  }
});

function inRefTo(name: 'p' | 'c', data: Texts | undefined): Setup {
  return {
    spec: name === 'p' ? { proxySecretRef: 'p' } : { certSecretRef: 'c' },
    secrets: data === undefined ? {} : { [name]: data },
  };
}

test('faults say what Flux says and never show a value', async () => {
  const S = 's3cret-value';
  const tls = 'failed to get TLS config: ';
  const proxy = "failed to get proxy URL: secret 'apps/p': ";
  const cases: readonly (readonly [name: string, setup: Setup, want: string | RegExp])[] = [
    ['no Secret', { spec: { secretRef: 's' } }, `failed to get secret 'apps/s': secrets "s" not found`],
    ['no cert Secret', inRefTo('c', undefined), `failed to get secret 'apps/c': secrets "c" not found`],
    ['no proxy Secret', inRefTo('p', undefined), `failed to get secret 'apps/p': secrets "p" not found`],
    [
      '2049 bytes',
      withSecret({ address: `http://h/${S}${'a'.repeat(2049)}` }),
      'invalid address in secret: address exceeds maximum length of 2048 bytes',
    ],
    ['2048 bytes and a newline', withSecret({ address: `http://h/${'a'.repeat(2039)}\n` }), /address exceeds maximum length/],
    ['2048 characters, more bytes', withSecret({ address: `http://h/${'ü'.repeat(2039)}` }), /address exceeds maximum length/],
    ['proxy in secret', withSecret({ proxy: `https://${S}|` }), "invalid 'proxy' in secret 'apps/s'"],
    ['proxy in spec', { spec: { proxy: `http://u:${S}@bad|` } }, 'unable to parse proxy URL'],
    ['headers text', withSecret({ headers: S }), /^failed to read headers from secret: /],
    ['headers nested', withSecret({ headers: `A: {b: ${S}}` }), /^failed to read headers from secret: /],
    [
      'headers broken',
      withSecret({ headers: `A: "${S}` }),
      /^failed to read headers from secret: error converting YAML to JSON: yaml: line 1$/,
    ],
    ['proxy, no address', inRefTo('p', { username: S }), `${proxy}key 'address' not found`],
    ['proxy, empty', inRefTo('p', { address: '' }), `${proxy}proxy address is empty`],
    [
      'proxy, long',
      inRefTo('p', { address: `http://h/${'a'.repeat(2048)}` }),
      `${proxy}proxy URL exceeds maximum length of 2048 characters`,
    ],
    [
      'proxy, scheme',
      inRefTo('p', { address: `ftp://u:${S}@h` }),
      `${proxy}proxy URL must use one of the supported schemes (http, https, socks5), got 'ftp'`,
    ],
    ['proxy, blank', inRefTo('p', { address: `http://u:${S}@exa mple` }), `${proxy}failed to parse proxy address`],
    ['proxy, newline', inRefTo('p', { address: `http://u:${S}@h\n` }), `${proxy}failed to parse proxy address`],
    ['TLS, nothing', inRefTo('c', { x: 'y' }), `${tls}secret 'apps/c' must contain either 'ca.crt' or both 'tls.crt' and 'tls.key'`],
    ['TLS, no key', inRefTo('c', { 'tls.crt': CLIENT.cert }), `${tls}secret 'apps/c' contains 'tls.crt' but missing 'tls.key'`],
    ['TLS, no cert', inRefTo('c', { 'tls.key': CLIENT.key }), `${tls}secret 'apps/c' contains 'tls.key' but missing 'tls.crt'`],
    ['TLS, legacy', inRefTo('c', { certFile: CLIENT.cert }), `${tls}secret 'apps/c' contains 'certFile' but missing 'keyFile'`],
    ['TLS, bad CA', inRefTo('c', { 'ca.crt': 'garbage', caFile: AUTHORITY.cert }), `${tls}failed to parse CA certificate`],
    ['TLS, bad pair', inRefTo('c', { 'tls.crt': S, 'tls.key': S }), /^failed to get TLS config: failed to parse TLS certificate and key: /],
    [
      'TLS, mismatch',
      inRefTo('c', { 'tls.crt': CLIENT.cert, 'tls.key': OTHER.issueClient('x').key }),
      /^failed to get TLS config: failed to parse TLS certificate and key: /,
    ],
    [
      'TLS in secretRef of a forge',
      withSecret({ token: S, 'ca.crt': 'garbage' }, { capabilities: FORGE }),
      `${tls}failed to parse CA certificate`,
    ],
    [
      'password alone, forge',
      withSecret({ password: S }, { capabilities: FORGE }),
      "secret 'apps/s': malformed basic auth - has 'password' but missing 'username'",
    ],
    [
      'service account',
      { spec: { serviceAccountName: 'sa' } },
      /^to use spec.serviceAccountName .* enable the ObjectLevelWorkloadIdentity feature gate/,
    ],
  ];

  for (const [name, setup, want] of cases) {
    await assert.rejects(
      resolve(setup),
      (error) => {
        assert.ok(error instanceof ConfigFault, `${name}: ${String(error)}`);
        if (typeof want === 'string') assert.equal(error.message, want, name);
        else assert.match(error.message, want, name);
        assert.ok(!error.message.includes(S), name);
        return true;
      },
      name,
    );
  }
  await resolve({ spec: { serviceAccountName: 'sa' }, gate: true });
});

test('a source that cannot answer now is not a fault of the configuration', async () => {
  const resolver = createResolver({
    secrets: { get: () => Promise.reject(new Error('connection refused')) },
    redactor: { add: () => {}, redact: (text) => text },
    featureGates: { objectLevelWorkloadIdentity: false },
  });

  await assert.rejects(
    resolver.resolve(newTarget({ secretRef: 's' }, CHAT)),
    (error) => error instanceof SecretUnavailable && error.message === "failed to get secret 'apps/s'" && error.cause instanceof Error,
  );
});

test('every value that is read is concealed, certificates and plain words are not', async () => {
  const { concealed } = await resolve({
    capabilities: FORGE,
    spec: { secretRef: 's', certSecretRef: 'c', proxySecretRef: 'p' },
    secrets: {
      s: {
        address: 'https://hooks.example/services/T00/B00/aBcDeFgHiJkLmNoPqRsT?key=0123456789abcdef0',
        token: 'the-token\n',
        username: 'the-user',
        password: 'the-password',
        appKey: 'the-app-key',
        headers: 'Authorization: Bearer the-header\nX-Key: the-value\nContent-Type: text/plain\n',
        unread: 'something else',
      },
      c: { 'ca.crt': AUTHORITY.cert, 'tls.crt': CLIENT.cert, 'tls.key': CLIENT.key },
      p: { address: 'http://u:inline-password@proxy:1', username: 'proxy-user', password: 'p@ss word' },
    },
  });

  for (const value of [
    'https://hooks.example/services/T00/B00/aBcDeFgHiJkLmNoPqRsT?key=0123456789abcdef0',
    '/services/T00/B00/aBcDeFgHiJkLmNoPqRsT?key=0123456789abcdef0',
    'aBcDeFgHiJkLmNoPqRsT',
    '0123456789abcdef0',
    'the-token\n',
    'the-token',
    'the-user',
    'the-password',
    'the-app-key',
    'Bearer the-header',
    'the-header',
    'the-value',
    CLIENT.key,
    'proxy-user',
    'p@ss word',
  ]) {
    assert.ok(concealed.has(value), value);
  }
  for (const value of [AUTHORITY.cert, CLIENT.cert, 'text/plain', 'something else']) assert.ok(!concealed.has(value), value);
});

test('of an address in a manifest only what looks like a credential is concealed', async () => {
  const cases: readonly (readonly [address: string, want: readonly string[]])[] = [
    ['https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX', ['XXXXXXXXXXXXXXXXXXXXXXXX']],
    ['https://chat.example/v1/spaces/AAA/messages?key=abcdefghij0123456789', ['abcdefghij0123456789']],
    ['https://user:pass-word@hook.example/x', ['pass-word']],
    ['https://publickey@sentry.example/42', ['publickey']],
    ['https://github.com/my-organisation/infrastructure-live', []],
    ['https://hooks.example/hook', []],
    ['', []],
    ['not an address', []],
  ];

  for (const [address, want] of cases) assert.deepEqual([...(await resolve({ spec: { address } })).concealed], want, address);
});

test('nothing is parsed again until the Target or a Secret changes; what is secret stays registered', async () => {
  let data = toData({ token: 'first-token', headers: 'a: b' });
  const added: string[] = [];
  const resolver = createResolver({
    secrets: { get: () => Promise.resolve(data) },
    redactor: { add: (secret) => added.push(secret), redact: (text) => text },
    featureGates: { objectLevelWorkloadIdentity: false },
  });
  const target = newTarget({ secretRef: 's' }, CHAT);

  const first = await resolver.resolve(target);
  added.length = 0;
  assert.equal(await resolver.resolve(target), first);
  assert.deepEqual(added, ['first-token', 'b']);
  data = toData({ token: 'first-token', headers: 'a: b' });
  assert.equal(await resolver.resolve(target), first);
  assert.notEqual(await resolver.resolve(newTarget({ secretRef: 's', channel: 'c' }, CHAT)), first);
  data = toData({ token: 'second-token', headers: 'a: b' });
  assert.equal((await resolver.resolve(target)).config.token, 'second-token');
  data = toData({ token: 'second-token' });
  assert.deepEqual((await resolver.resolve(target)).config.headers, {});
});

test('a token that is no text is there as bytes, too', async () => {
  assert.deepEqual((await resolve(withSecret({ token: Buffer.of(0xff, 0x0a) }))).config.tokenBytes, Buffer.of(0xff, 0x0a));
  assert.equal((await resolve(withSecret({ token: 'schlüssel\n' }))).config.tokenBytes, undefined);
});
