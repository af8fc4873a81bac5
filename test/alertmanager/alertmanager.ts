// A real Alertmanager in a directory of its own: the program of the Debian package prometheus-alertmanager, or the one that
// the environment names.
import { spawn } from 'node:child_process';
import { openSync, writeFileSync } from 'node:fs';
import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CertificateAuthority } from '../support/certificates.ts';
import { findFreePort } from '../support/free-port.ts';

const PROGRAM = process.env['ALERTMANAGER'] ?? 'prometheus-alertmanager';
const START_MS = 20_000;

/** An alert as the API lists it: only what has not ended is listed. */
export interface ListedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly status: { readonly state: string };
}

export interface Alertmanager {
  /** The address for a Provider. */
  readonly address: string;
  readonly version: string;
  alerts(): Promise<readonly ListedAlert[]>;
  stop(): Promise<void>;
}

export interface AlertmanagerOptions {
  readonly directory: string;
  /** Where it sends its own notifications, of resolved alerts too. */
  readonly webhook: string;
  /** It speaks TLS and asks for a client certificate of this authority. */
  readonly authority?: CertificateAuthority;
}

/** Starts it and resolves once its API answers. */
export async function startAlertmanager({ directory, webhook, authority }: AlertmanagerOptions): Promise<Alertmanager> {
  const port = await findFreePort();
  const file = (name: string, content: string): string => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };
  const receivers = [{ name: 'hook', webhook_configs: [{ url: webhook, send_resolved: true }] }];
  const route = { receiver: 'hook', group_by: ['...'], group_wait: '0s', group_interval: '1s' };
  const words = [
    `--config.file=${file('alertmanager.yml', JSON.stringify({ route, receivers }))}`,
    `--storage.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ];
  if (authority !== undefined) words.push(`--web.config.file=${file('web.yml', JSON.stringify(toTlsConfig(authority, file)))}`);
  const log = openSync(join(directory, 'alertmanager.log'), 'a');
  const child = spawn(PROGRAM, words, { stdio: ['ignore', log, log] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()));
  const base = `${authority === undefined ? 'http' : 'https'}://localhost:${port}/api/v2`;
  const ask = async (path: string): Promise<unknown> => JSON.parse(await read(`${base}${path}`, authority)) as unknown;
  return {
    address: `${base}/alerts`,
    version: await untilAnswering(ask, directory),
    alerts: async () => (await ask('/alerts')) as readonly ListedAlert[],
    stop: async () => {
      child.kill();
      await ended;
    },
  };
}

function toTlsConfig(authority: CertificateAuthority, file: (name: string, content: string) => string): object {
  const { cert, key } = authority.issueServer(['localhost']);
  return {
    tls_server_config: {
      cert_file: file('server.pem', cert),
      key_file: file('server.key', key),
      client_ca_file: file('ca.pem', authority.cert),
      client_auth_type: 'RequireAndVerifyClientCert',
    },
  };
}

async function untilAnswering(ask: (path: string) => Promise<unknown>, directory: string): Promise<string> {
  for (const endMs = Date.now() + START_MS; Date.now() < endMs; await sleep(50)) {
    const status = await ask('/status').catch(() => undefined);
    if (status !== undefined) return (status as { readonly versionInfo: { readonly version: string } }).versionInfo.version;
  }
  throw new Error(`${PROGRAM} does not answer; its log is in ${directory}. It is the Debian package prometheus-alertmanager`);
}

function read(url: string, authority: CertificateAuthority | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const identity = authority === undefined ? {} : { ca: authority.cert, ...authority.issueClient('test') };
    const get = authority === undefined ? getPlain : getSecure;
    get(url, { ...identity, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      response.on('end', () => resolve(Buffer.concat(chunks).toString()));
    }).on('error', reject);
  });
}
