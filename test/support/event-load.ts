// A steady stream of events into one program, and what became of each that it took.
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClusterProduct, toClusterEvent } from './cluster-product.ts';

export interface EventLoadOptions {
  readonly product: Pick<ClusterProduct, 'post'>;
  /** Of the objects that the events are about. */
  readonly namespace: string;
  readonly perSecond: number;
}

/** Posts until it is stopped. */
export class EventLoad {
  /** So many, `web-0` and on, in turn. */
  static readonly objects = 7;
  /** Messages of the events that were answered with 202. */
  readonly accepted: string[] = [];
  /** Statuses of all others. */
  readonly refused: number[] = [];
  readonly #options: EventLoadOptions;
  readonly #running: Promise<void>;
  #isStopped = false;

  constructor(options: EventLoadOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const { perSecond } = this.#options;
    const startedMs = performance.now();
    const posts: Promise<void>[] = [];
    for (let index = 0; !this.#isStopped; index++) {
      posts.push(this.#post(index));
      // By the clock and not from post to post, so that slow answers do not thin the stream out.
      await sleep(Math.max(0, startedMs + ((index + 1) * 1000) / perSecond - performance.now()));
    }
    await Promise.all(posts);
  }

  async #post(index: number): Promise<void> {
    const { namespace, product } = this.#options;
    const message = `load ${index}`;
    const status = await product.post(toClusterEvent(namespace, message, `web-${index % EventLoad.objects}`));
    if (status === 202) this.accepted.push(message);
    else this.refused.push(status);
  }
}
