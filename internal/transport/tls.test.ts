import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createCertificateAuthority } from '../../test/support/certificates.ts';
import { ManualClock } from '../../test/support/clock.ts';
import { type RecordingServer, startRecordingServer } from '../../test/support/servers.ts';
import { TransportError } from '../sdk/http.ts';
import { ConfigFault } from '../sdk/provider.ts';
import type { Connection, Transport } from '../sdk/transport.ts';
import { parseEgress } from './egress.ts';
import { createTransport, type TransportOptions } from './transport.ts';

const AUTHORITY = createCertificateAuthority('tls test');
const OTHER = createCertificateAuthority('other');
const CLIENT = AUTHORITY.issueClient('transport-client');

const cleanups: (() => Promise<void>)[] = [];
after(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

function newTransport(options: Partial<TransportOptions> = {}): Transport {
  const transport = createTransport({
    environment: {},
    egress: parseEgress({ deny: [], allow: [], denyLoopback: false }),
    ownListeners: () => [],
    clock: new ManualClock(),
    lookup: (_name, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
    ...options,
  });
  cleanups.push(() => transport.close());
  return transport;
}

async function newServer(tls: object = {}): Promise<RecordingServer> {
  const server = await startRecordingServer({ tls: { ...AUTHORITY.issueServer(['target.test', '127.0.0.1']), ...tls } });
  cleanups.push(() => server.close());
  return server;
}

async function get(transport: Transport, tls: Connection['tls'] | undefined, url: string): Promise<number | string> {
  const connection: Connection = { pool: 'p', concurrency: 2, ...(tls === undefined ? {} : { tls }) };
  try {
    const response = await transport.open({ connection, signal: new AbortController().signal })({ method: 'GET', url, headers: [] });
    return response.status;
  } catch (error) {
    assert.ok(error instanceof TransportError, String(error));
    assert.doesNotMatch(error.message, /s3cret/);
    return `${error.reason} ${error.message.split(': ').slice(1).join(': ')}`;
  }
}

test('whom a request trusts: the CA of the Provider alone, else that of the environment, else the system', async () => {
  const { port } = await newServer();
  const url = `https://target.test:${port}/s3cret`;
  const own = { ca: AUTHORITY.cert };
  const other = { ca: OTHER.cert };
  const untrusted = /^network (unable to (get|verify)|self-signed)/;
  const cases: readonly (readonly [
    name: string,
    extraCa: string | undefined,
    tls: Connection['tls'],
    url: string,
    want: number | RegExp,
  ])[] = [
    ['CA of the Provider', undefined, own, url, 200],
    ['other CA of the Provider', undefined, other, url, untrusted],
    ['other CA of the Provider wins over the environment', AUTHORITY.cert, other, url, untrusted],
    ['CA of the environment', AUTHORITY.cert, undefined, url, 200],
    ['other CA of the environment', OTHER.cert, undefined, url, untrusted],
    ['system', undefined, undefined, url, untrusted],
    ['wrong name', undefined, own, `https://wrong.test:${port}/s3cret`, /^network Hostname\/IP does not match/],
    ['address', undefined, own, `https://127.0.0.1:${port}/s3cret`, 200],
    ['plain HTTP towards TLS', undefined, own, `http://127.0.0.1:${port}/s3cret`, /^network /],
  ];

  for (const [name, extraCa, tls, address, want] of cases) {
    const got = await get(newTransport(extraCa === undefined ? {} : { extraCa }), tls, address);
    if (typeof want === 'number') assert.equal(got, want, name);
    else assert.match(String(got), want, name);
  }
});

test('a client certificate is shown where it is configured', async () => {
  const server = await newServer({ ca: AUTHORITY.cert, requestCert: true, rejectUnauthorized: true });
  const url = `https://127.0.0.1:${server.port}/`;

  assert.equal(await get(newTransport(), { ca: AUTHORITY.cert, ...CLIENT }, url), 200);
  assert.match(String(await get(newTransport(), { ca: AUTHORITY.cert }, url)), /^network /);
  assert.equal(server.requests[0]?.clientName, 'transport-client');
});

test('only HTTP/1.1 is offered, and the name of the target is asked for', async () => {
  const seen: string[] = [];
  const server = await newServer({
    ALPNCallback: ({ servername, protocols }: { servername: string; protocols: string[] }) => {
      seen.push(`${servername} ${protocols.join()}`);
      return 'http/1.1';
    },
  });

  assert.equal(await get(newTransport(), { ca: AUTHORITY.cert }, `https://target.test:${server.port}/`), 200);
  assert.deepEqual(seen, ['target.test http/1.1']);
});

test('changed TLS settings of a Target take effect at once', async () => {
  const { port } = await newServer();
  const transport = newTransport();
  const url = `https://127.0.0.1:${port}/`;

  assert.equal(await get(transport, { ca: AUTHORITY.cert }, url), 200);
  assert.notEqual(await get(transport, { ca: OTHER.cert }, url), 200);
});

test('trusted certificates that are none are refused at the start', () => {
  for (const extraCa of ['', 'garbage', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n']) {
    assert.throws(
      () => newTransport({ extraCa }),
      (error) => error instanceof ConfigFault && error.message.includes('SSL_CERT_FILE'),
      extraCa,
    );
  }
});

test('certificates that cannot be read are a configuration fault', async () => {
  assert.equal(await get(newTransport(), { cert: 's3cret', key: 's3cret' }, 'https://127.0.0.1:1/'), 'config ');
});
