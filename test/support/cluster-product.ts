// The real program beside a real API server: what tests of both need.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toKey } from '../../internal/sdk/target.ts';
import { parseExposition, type Sample } from './exposition.ts';
import { sendHttp } from './http-sender.ts';
import { type Product, startProduct } from './product.ts';

export interface ClusterProductOptions {
  readonly kubeconfig: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where store and log lie, which is left there in the end; a folder of its own when absent. */
  readonly directory?: string;
}

/** What a program serves, and the revision that its content has. */
export interface Served {
  readonly revision: string;
  /** Keys, sorted. */
  readonly routes: readonly string[];
  readonly targets: readonly string[];
}

/** The program and the folder that its store and log lie in. */
export interface ClusterProduct extends Product {
  /** What it says at its admin API that it serves. */
  served(): Promise<Served>;
  /** The series of its metrics with this name. */
  series(name: string): Promise<readonly Sample[]>;
  /** Posts an event as a Flux controller does and returns the status. */
  post(event: object): Promise<number>;
  /** Ends it and removes its folder. */
  remove(): Promise<void>;
}

/** Starts `tocsin serve` for the cluster of a kubeconfig; sinks on loopback may be sent to. */
export async function startClusterProduct(options: ClusterProductOptions): Promise<ClusterProduct> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'tocsin-cluster-product-'));
  const store = join(directory, 'outbox.db');
  const product = await startProduct({
    manifests: [],
    store,
    logFile: join(directory, 'log'),
    flags: ['--kubeconfig', options.kubeconfig, '--egress-allow', '127.0.0.0/8', ...(options.flags ?? [])],
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  return {
    ...product,
    post: (event) => post(product, event),
    served: () => askServed(product, readFileSync(`${store}.admin-token`, 'utf8').trim()),
    series: async (name) => {
      const { body } = await sendHttp({ to: product.addresses.metrics, method: 'GET', path: '/metrics', headers: {}, body: '' });
      return parseExposition(body).filter((sample) => sample.name === name);
    },
    remove: async () => {
      await product.stop();
      if (options.directory === undefined) rmSync(directory, { recursive: true, force: true });
    },
  };
}

interface Explanation {
  readonly now: { readonly revision: string; readonly verdicts: readonly { readonly route: Parameters<typeof toKey>[0] }[] };
}

/** An explanation tells of every Route, whatever the event is about. */
async function askServed(product: Pick<Product, 'admin' | 'addresses'>, token: string): Promise<Served> {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const body = JSON.stringify(toClusterEvent('nowhere', 'never sent'));
  const answer = await sendHttp({ to: product.addresses.admin, method: 'POST', path: '/api/v1/explanations', headers, body });
  const { now } = JSON.parse(answer.body) as Explanation;
  const { items } = (await product.admin('/api/v1/providers')).body as { readonly items: readonly { readonly key: string }[] };
  return {
    revision: now.revision,
    routes: now.verdicts.map(({ route }) => toKey(route)).toSorted(),
    targets: items.map(({ key }) => key).toSorted(),
  };
}

/** An event about a Kustomization of a namespace. */
export function toClusterEvent(namespace: string, message: string, name = 'web'): object {
  return {
    involvedObject: { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', namespace, name, uid: `uid-${name}` },
    severity: 'info',
    timestamp: '2026-01-05T12:00:00Z',
    message,
    reason: 'ReconciliationSucceeded',
    reportingController: 'kustomize-controller',
    reportingInstance: 'kustomize-controller-0',
  };
}

function post({ addresses }: Product, event: object): Promise<number> {
  const body = JSON.stringify(event);
  const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const request = httpRequest({ ...addresses.events, method: 'POST', path: '/', headers, agent: false }, (response) => {
      response.resume();
      response.on('error', reject);
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', reject);
    request.end(body);
  });
}
