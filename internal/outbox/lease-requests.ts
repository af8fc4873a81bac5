// Lease requests that stand at the writer: each ends by being served, by its time, or by its caller.
import type { Clock } from '../sdk/ports.ts';
import type { LeaseRequest } from './store.ts';
import type { LeaseRow, Poll } from './operations.ts';

interface Standing {
  readonly end: (rows: readonly LeaseRow[]) => void;
}

/** Keeps the standing requests; what is served to one that ended meanwhile goes back untouched. */
export class LeaseRequests {
  readonly #clock: Clock;
  readonly #standing = new Map<number, Standing>();
  #nextId = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves with the rows that were served, with none after `waitMs` or when aborted. */
  ask(request: LeaseRequest, queue: { poll(poll: Poll): void; cancelPoll(id: number): void }): Promise<readonly LeaseRow[]> {
    if (request.signal?.aborted === true || request.limit <= 0) return Promise.resolve([]);
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const end = (rows: readonly LeaseRow[]): void => {
        this.#standing.delete(id);
        cancelTimer();
        request.signal?.removeEventListener('abort', giveUp);
        resolve(rows);
      };
      const giveUp = (): void => {
        queue.cancelPoll(id);
        end([]);
      };
      const cancelTimer = this.#clock.schedule(request.waitMs, giveUp);
      request.signal?.addEventListener('abort', giveUp, { once: true });
      this.#standing.set(id, { end });
      const { limit, leaseMs, room } = request;
      queue.poll({ id, limit, leaseMs, ...(room === undefined ? {} : { room }) });
    });
  }

  /** Hands rows to the request; false when nobody waits for them any more. */
  serve(id: number, rows: readonly LeaseRow[]): boolean {
    const standing = this.#standing.get(id);
    standing?.end(rows);
    return standing !== undefined;
  }

  endAll(): void {
    for (const standing of this.#standing.values()) standing.end([]);
  }
}
