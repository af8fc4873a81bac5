// The writer's thread as the facade sees it: requests go in, replies come back in the same order.
import { Worker } from 'node:worker_threads';
import { StoreError } from '../store.ts';
import type { Reply, Request } from './protocol.ts';

/** A channel to a writer, wherever that runs. */
export interface WriterPort {
  post(request: Request): void;
  onReply(listener: (reply: Reply) => void): void;
  /** Called once, when the writer is gone; with the error that it died of. */
  onEnd(listener: (error?: Error) => void): void;
  terminate(): void;
}

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: StoreError) => void;
}

/** One writer; when it dies every request that is open, and every later one, is rejected. */
export class WriterThread {
  readonly #port: WriterPort;
  readonly #waiting: Waiting[] = [];
  readonly #ended: Promise<void>;
  #death: StoreError | undefined;
  #onDeath: (error: StoreError) => void = () => undefined;

  constructor(port: WriterPort) {
    this.#port = port;
    port.onReply((reply) => this.#waiting.shift()?.resolve(reply));
    this.#ended = new Promise((resolve) => {
      port.onEnd((error) => {
        this.#die(error === undefined ? new StoreError('closed', 'the store is closed') : toDeath(error));
        resolve();
      });
    });
  }

  send(request: Request): Promise<Reply> {
    if (this.#death !== undefined) return Promise.reject(this.#death);
    return new Promise((resolve, reject) => {
      // What cannot be posted is answered by nobody, and must not take the answer of another.
      this.#port.post(request);
      this.#waiting.push({ resolve, reject });
    });
  }

  /** Resolves when the writer is gone. */
  async end(): Promise<void> {
    this.#port.terminate();
    await this.#ended;
  }

  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Calls the listener when the writer is gone, before anybody who waits for it is told. */
  whenDead(listener: (error: StoreError) => void): void {
    this.#onDeath = listener;
  }

  #die(error: StoreError): void {
    this.#death ??= error;
    this.#onDeath(this.#death);
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#death);
  }
}

/** Starts the writer in a thread of its own, from its source file or from what a bundler made of it. */
export function startThread(url: URL): WriterPort {
  const worker = new Worker(url, { name: 'outbox-writer' });
  let death: Error | undefined;
  worker.on('error', (error) => {
    death = error instanceof Error ? error : new Error(String(error));
  });
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    post: (request) => worker.postMessage(request),
    onReply: (listener) => worker.on('message', listener),
    onEnd: (listener) => worker.once('exit', () => listener(death)),
    terminate: () => void worker.terminate(),
  };
}

function toDeath(error: Error): StoreError {
  return new StoreError('io', `the writer of the store failed: ${error.message}`, { cause: error });
}
