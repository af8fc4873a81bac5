// The writer's thread as the facade sees it: requests go in, replies come back in the same order.
import { Worker } from 'node:worker_threads';
import { StoreError } from '../store.ts';
import type { Reply, Request } from './protocol.ts';

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: StoreError) => void;
}

/** One worker thread; when it dies every request that is open, and every later one, is rejected. */
export class WriterThread {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  readonly #ended: Promise<void>;
  #death: StoreError | undefined;

  constructor(spawn: () => Worker) {
    this.#worker = spawn();
    this.#worker.on('message', (reply: Reply) => this.#waiting.shift()?.resolve(reply));
    this.#worker.on('error', (error) => this.#die(new StoreError('io', 'the writer of the store failed', { cause: error })));
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#die(new StoreError('closed', 'the writer of the store has ended'));
        resolve();
      });
    });
  }

  send(request: Request): Promise<Reply> {
    if (this.#death !== undefined) return Promise.reject(this.#death);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      this.#worker.postMessage(request);
    });
  }

  /** Resolves when the thread is gone. */
  async end(): Promise<void> {
    await this.#worker.terminate();
    await this.#ended;
  }

  get ended(): Promise<void> {
    return this.#ended;
  }

  #die(error: StoreError): void {
    this.#death ??= error;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#death);
  }
}

/** Starts the writer from its source file; a bundle names the file it made of it. */
export function spawnWriter(url: URL): Worker {
  return new Worker(url, { name: 'outbox-writer' });
}
