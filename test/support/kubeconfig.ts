// Kubeconfigs of tests: written for the servers that tests start, read where somebody names one.
import { readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import type { Identity } from './certificates.ts';

/** How a client says who it is. */
export type Credentials = { readonly token: string } | Identity;

/** Where an API server is and as whom it is asked. */
export interface Access {
  /** `https://host:port` */
  readonly url: string;
  /** The authority's certificate, PEM, as it is now. */
  readonly ca: () => string;
  readonly credentials: Credentials;
}

/** The text of a kubeconfig; the authority is named by its file, so that a rotated one is found. */
export function toKubeconfig(url: string, caFile: string, credentials: Credentials): string {
  const user =
    'token' in credentials
      ? { token: credentials.token }
      : { 'client-certificate-data': toBase64(credentials.cert), 'client-key-data': toBase64(credentials.key) };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority': caFile } }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  });
}

interface Kubeconfig {
  readonly 'current-context': string;
  readonly contexts: readonly { readonly name: string; readonly context: { readonly cluster: string; readonly user: string } }[];
  readonly clusters: readonly { readonly name: string; readonly cluster: Readonly<Record<string, string>> }[];
  readonly users: readonly { readonly name: string; readonly user: Readonly<Record<string, string>> }[];
}

/** What the current context of a kubeconfig says; its user has a token or a client certificate. */
export function readKubeconfig(file: string): Access {
  const config = parse(readFileSync(file, 'utf8')) as Kubeconfig;
  const context = config.contexts.find(({ name }) => name === config['current-context'])?.context;
  const cluster = config.clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config.users.find(({ name }) => name === context?.user)?.user;
  if (cluster?.['server'] === undefined || user === undefined) throw new Error(`${file}: the current context names no cluster and user`);
  const credentials = user['token'] === undefined ? readIdentity(user) : { token: user['token'] };
  return { url: cluster['server'], ca: () => readPem(cluster, 'certificate-authority'), credentials };
}

function readIdentity(user: Readonly<Record<string, string>>): Identity {
  return { cert: readPem(user, 'client-certificate'), key: readPem(user, 'client-key') };
}

/** A kubeconfig holds PEM as base64 in `<name>-data`, or names a file. */
function readPem(fields: Readonly<Record<string, string>>, name: string): string {
  const data = fields[`${name}-data`];
  if (data !== undefined) return Buffer.from(data, 'base64').toString();
  const file = fields[name];
  if (file === undefined) throw new Error(`the kubeconfig has neither ${name} nor ${name}-data`);
  return readFileSync(file, 'utf8');
}

function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}
