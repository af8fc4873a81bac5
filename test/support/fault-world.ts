// An API server of one's own to be disturbed, a sink, and a namespace for each test whose messages go there.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { type ApiServer, startApiServer } from './api-server.ts';
import { type ClusterProduct, startClusterProduct } from './cluster-product.ts';
import { ownCrds } from './flux-crds.ts';
import { toAlert, toProvider, toSecretObject } from './flux-objects.ts';
import { assertServesFreshList } from './fresh-snapshot.ts';
import { WebhookSink } from './webhook-sink.ts';
import { untilTrue } from './until.ts';

export interface StartOptions {
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The administrator's when absent. */
  readonly kubeconfig?: string;
  readonly directory?: string;
}

interface Stats {
  readonly pendingEvents: number;
  readonly states: Readonly<Record<string, number>>;
}

interface Delivery {
  readonly state: string;
  readonly reason: string;
  readonly message: string;
}

const SETTLED_WITHIN_MS = 60_000;

/** Ended by `close`, with everything that was started in it. */
export class FaultWorld {
  readonly server: ApiServer;
  /** Statuses that paths are answered with instead of 200. */
  readonly answers = new Map<string, number>();
  readonly sink = new WebhookSink(({ path }) => ({ kind: 'answer', status: this.answers.get(path) ?? 200 }));
  readonly #products = new Set<ClusterProduct>();

  private constructor(server: ApiServer) {
    this.server = server;
  }

  static async open(): Promise<FaultWorld> {
    const world = new FaultWorld(await startApiServer());
    await world.sink.listen();
    return world;
  }

  async installCrds(): Promise<void> {
    await this.server.apply(ownCrds());
    await this.server.kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
  }

  /** Starts the program; it ends with the test at the latest. */
  async start({ env, kubeconfig = this.server.kubeconfig, ...options }: StartOptions = {}): Promise<ClusterProduct> {
    const product = await startClusterProduct({ ...options, kubeconfig, env: { RUNTIME_NAMESPACE: 'default', ...env } });
    this.#products.add(product);
    return product;
  }

  /** Like `start`, and waits for the first Snapshot. */
  async startServing(options: StartOptions = {}): Promise<ClusterProduct> {
    const product = await this.start(options);
    await untilTrue(() => product.log().includes('"serving"'), 'the first Snapshot');
    return product;
  }

  /** Ends every program. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.#products].map(async (product) => product.remove()));
    this.#products.clear();
  }

  /** A namespace with an Alert on every Kustomization, whose Provider signs with a Secret. */
  async arrange(namespace: string): Promise<void> {
    const place = { namespace };
    const address = `http://127.0.0.1:${this.sink.port}/${namespace}`;
    await this.server.namespace(namespace);
    await this.server.apply([
      { ...toSecretObject('token', { token: 'key' }), metadata: { ...place, name: 'token' } },
      toProvider('provider', { type: 'generic-hmac', address, secretRef: { name: 'token' } }, place),
      toAlert('alert', {}, place),
    ]);
  }

  /** Messages that the Provider of a namespace took, repeated ones once. */
  received(namespace: string): ReadonlySet<string> {
    const taken = this.sink.requests.filter(({ path, status }) => path === `/${namespace}` && status === 200);
    return new Set(taken.map(({ body }) => (JSON.parse(body) as { readonly message: string }).message));
  }

  /** Of these messages, how many have not arrived. */
  missing(namespace: string, messages: readonly string[]): number {
    const received = this.received(namespace);
    return messages.filter((message) => !received.has(message)).length;
  }

  /** Fails unless all of them arrive, nothing is undecided, and what still waits, so many, says why. */
  async assertAllSettled(product: ClusterProduct, namespace: string, messages: readonly string[], waiting = 0): Promise<void> {
    await untilTrue(() => this.missing(namespace, messages) === 0, 'every message that was accepted', SETTLED_WITHIN_MS);
    const want = { pending: 0, waiting, dead: 0 };
    const isSettled = async (): Promise<boolean> => isDeepStrictEqual(await openOf(product), want);
    await untilTrue(isSettled, 'every decision and every message', SETTLED_WITHIN_MS).catch(() => undefined);
    assert.deepEqual(await openOf(product), want);
    const { items } = (await product.admin('/api/v1/deliveries?state=waiting')).body as { readonly items: readonly Delivery[] };
    assert.equal(items.filter(({ message, reason }) => message === '' || reason === '').length, 0, 'each says what it waits for');
  }

  /** Fails unless the program serves what a fresh list gives. */
  async assertServesFreshList(product: ClusterProduct): Promise<void> {
    await assertServesFreshList(product, this.server.kubeconfig);
  }

  async close(): Promise<void> {
    await this.stopAll();
    this.sink.close();
    await this.server.close();
  }
}

/** What a program has not come to an end with, and what it gave up. */
async function openOf(product: ClusterProduct): Promise<{ pending: number; waiting: number; dead: number }> {
  const { pendingEvents, states } = (await product.admin('/api/v1/stats')).body as Stats;
  const { waiting = 0, leased = 0, dead = 0 } = states;
  return { pending: pendingEvents, waiting: waiting + leased, dead };
}
