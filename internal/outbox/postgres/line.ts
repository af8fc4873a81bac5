// A connection that comes back: opened when it is needed, and again after it broke, but not in a hot loop.
import type { Clock } from '../../sdk/ports.ts';
import { StoreError } from '../store.ts';
import type { Connection } from './connection.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** The way to the database for one purpose. */
export class Line {
  readonly #open: () => Promise<Connection>;
  readonly #clock: Clock;
  #connection: Connection | undefined;
  #opening: Promise<Connection> | undefined;
  #failure: unknown;
  #failures = 0;
  #retryAtMs = 0;
  #isClosed = false;

  constructor(open: () => Promise<Connection>, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  /** The open connection; while the database was away a moment ago the same failure again, at once. */
  async connection(): Promise<Connection> {
    if (this.#isClosed) throw new StoreError('closed', 'the store is closed');
    if (this.#connection?.isLost === false) return this.#connection;
    if (this.#opening !== undefined) return this.#opening;
    if (this.#failures > 0 && this.#clock.monotonicMs() < this.#retryAtMs) throw this.#failure;
    this.#opening = this.#reopen();
    return this.#opening;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#opening?.catch(() => undefined);
    await this.#connection?.close().catch(() => undefined);
  }

  async #reopen(): Promise<Connection> {
    try {
      this.#connection = await this.#open();
      this.#failures = 0;
      return this.#connection;
    } catch (error) {
      this.#failures += 1;
      this.#failure = error;
      this.#retryAtMs = this.#clock.monotonicMs() + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(10, this.#failures - 1));
      throw error;
    } finally {
      this.#opening = undefined;
    }
  }
}
