// Finds out that a connection leads nowhere although nobody closed it.
import type { Clock } from '../sdk/ports.ts';
import { KubeError } from './kube-error.ts';

/** Bookmarks come about once a minute, so a watch that is silent for longer is dead. */
const SILENCE_MS = 150_000;

/** A signal that is aborted when nothing came for too long, and with the outer one. */
export class Silence {
  readonly #clock: Clock;
  readonly #outer: AbortSignal;
  readonly #what: string;
  readonly #inner = new AbortController();
  #lastMs: number;
  #cancel: () => void = () => undefined;

  constructor({ clock, outer, what }: { readonly clock: Clock; readonly outer: AbortSignal; readonly what: string }) {
    this.#clock = clock;
    this.#outer = outer;
    this.#what = what;
    this.#lastMs = clock.monotonicMs();
    outer.addEventListener('abort', this.#onAbort, { once: true });
    if (outer.aborted) this.#onAbort();
    else this.#check();
  }

  get signal(): AbortSignal {
    return this.#inner.signal;
  }

  /** Passes on what comes, and takes note. */
  async *heard(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      this.#lastMs = this.#clock.monotonicMs();
      yield chunk;
    }
  }

  /** Whatever still comes on this connection is for nobody. */
  end(): void {
    this.#cancel();
    this.#outer.removeEventListener('abort', this.#onAbort);
    this.#inner.abort();
  }

  readonly #onAbort = (): void => this.#inner.abort(this.#outer.reason);

  #check(): void {
    const leftMs = this.#lastMs + SILENCE_MS - this.#clock.monotonicMs();
    if (leftMs > 0) this.#cancel = this.#clock.schedule(leftMs, () => this.#check());
    else this.#inner.abort(new KubeError(`cannot ${this.#what}: nothing came for ${SILENCE_MS / 1000} s`, { status: 0, reason: 'Silent' }));
  }
}
