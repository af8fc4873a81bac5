// No type forgets the Provider's proxy, CA and client certificate: the first request of each goes through a proxy to a server
// that shows a certificate of an unknown authority and asks for one.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { catalog } from '../../internal/catalog/catalog.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { ProviderDefinition } from '../../internal/sdk/provider.ts';
import { parseEgress } from '../../internal/transport/egress.ts';
import { createTransport } from '../../internal/transport/transport.ts';
import { type CertificateAuthority, createCertificateAuthority } from '../support/certificates.ts';
import { ManualClock } from '../support/clock.ts';
import { attemptOnce, type ChainSetup } from '../support/provider-chain.ts';
import { type RecordingProxy, type RecordingServer, startHttpProxy, startRecordingServer } from '../support/servers.ts';

const LOGIN = { username: 'fleet', password: 'egress' };
const BASIC = Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64');
const definitions = catalog.types.flatMap((type) => catalog.get(type) ?? []);

const authority = createCertificateAuthority('connections');
const strangers = createCertificateAuthority('somebody else');
const transport = createTransport({
  environment: {},
  egress: parseEgress({ deny: [], allow: [], denyLoopback: false }),
  ownListeners: () => [],
  clock: new ManualClock(),
});
let server: RecordingServer;
let closedProxy: RecordingProxy;
let proxy: RecordingProxy;

before(async () => {
  closedProxy = await startHttpProxy(0, { status: 502 });
  for (const definition of definitions) await attempt(definition, closedProxy, authority);
  const hosts = new Set(closedProxy.seen.flatMap((line) => /^CONNECT ([^:]+):/.exec(line)?.[1] ?? []));
  const tls = { ...authority.issueServer([...hosts]), ca: authority.cert, requestCert: true, rejectUnauthorized: true };
  server = await startRecordingServer({ tls });
  proxy = await startHttpProxy(server.port);
});

after(async () => {
  await transport.close();
  for (const running of [proxy, closedProxy, server]) await running.close();
});

for (const definition of definitions) {
  const { type, capabilities } = definition;

  test(`${type}: the proxy of the Provider is used, with its login`, async () => {
    const seenBefore = closedProxy.seen.length;

    const outcome = await attempt(definition, closedProxy, authority);

    assert.ok(outcome.kind === 'retry' && outcome.reason === 'network', inspect(outcome));
    assert.match(closedProxy.seen[seenBefore] ?? '', new RegExp(`^CONNECT \\S+ Basic ${BASIC}$`));
  });

  if (capabilities.transport === 'session') continue;

  test(`${type}: the CA and the client certificate of the Provider are used`, async () => {
    const receivedBefore = server.requests.length;

    await attempt(definition, proxy, authority);

    assert.equal(server.requests[receivedBefore]?.clientName, type);
  });

  test(`${type}: another CA trusts nobody here`, async () => {
    const receivedBefore = server.requests.length;

    const outcome = await attempt(definition, proxy, strangers);

    assert.ok(outcome.kind === 'retry' && outcome.reason === 'network', inspect(outcome));
    assert.match(outcome.message, /certificate/);
    assert.equal(server.requests.length, receivedBefore);
  });
}

async function attempt(definition: ProviderDefinition, through: RecordingProxy, trusted: CertificateAuthority): Promise<Outcome> {
  const settled = await attemptOnce(toSetup(definition, through, trusted), transport);
  assert.ok('outcome' in settled, inspect(settled));
  return settled.outcome;
}

/** The type's first example that can send, at an address that is HTTPS. */
function toSetup({ type, examples }: ProviderDefinition, { port }: RecordingProxy, trusted: CertificateAuthority): ChainSetup {
  const [example] = examples;
  assert.ok(example);
  const { address } = example.spec;
  const secretRef = example.spec['secretRef'] as { readonly name: string } | undefined;
  const { cert, key } = authority.issueClient(type);
  return {
    spec: {
      ...example.spec,
      ...(typeof address === 'string' ? { address: address.replace(/^http:/, 'https:') } : {}),
      proxySecretRef: { name: 'proxy' },
      certSecretRef: { name: 'certificates' },
    },
    secrets: {
      proxy: { address: `http://127.0.0.1:${port}`, ...LOGIN },
      certificates: { 'ca.crt': trusted.cert, 'tls.crt': cert, 'tls.key': key },
      ...(secretRef === undefined ? {} : { [secretRef.name]: example.secret ?? {} }),
    },
    event: example.event,
  };
}
