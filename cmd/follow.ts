// `--follow`: what is there, then what is new or has changed, until somebody stops it. A server that goes away is waited for.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../internal/sdk/ports.ts';
import { AdminError, type AdminFlags, type Query } from './admin-client.ts';
import type { Printer } from './list.ts';

/** Rows that come and change. */
export interface Feed<T> {
  /** The last ones that are there, the oldest first. */
  begin(): Promise<readonly T[]>;
  /** What is new or has changed since the call before, the oldest first; nothing is left out and nothing comes twice. */
  next(): Promise<readonly T[]>;
}

/** Where the rows of a feed come from. */
export interface FeedPlace {
  readonly flags: AdminFlags;
  /** The whole question for the rows that are there already, which are this many at most. */
  readonly first: Query;
  readonly limit: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly signal: AbortSignal;
}

export interface FollowOptions<T> {
  readonly feed: Feed<T>;
  readonly printer: Pick<Printer<T>, 'add'>;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Resolves after this long, or when the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

const POLL_MS = 1_000;

/** Resolves when the signal is aborted; rejects when the first question fails, or a later one for more than a pause of the server. */
export async function follow<T>(options: FollowOptions<T>): Promise<void> {
  const { feed, printer, signal, clock, pause } = options;
  const watch = createOutageWatch(options.note);
  let isBegun = false;
  while (!signal.aborted) {
    const startedMs = clock.monotonicMs();
    try {
      printer.add(isBegun ? await feed.next() : await feed.begin());
      isBegun = true;
      watch.answered();
    } catch (error) {
      if (signal.aborted) return;
      if (!isBegun || !isOutage(error)) throw error;
      watch.failed(error);
    }
    // A question that takes long is asked more seldom: a server under load has better things to do.
    await pause(Math.max(POLL_MS, 2 * (clock.monotonicMs() - startedMs)), signal);
  }
}

/** The real pause. */
export async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  // Whoever aborted it looks at the signal next.
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

function isOutage(error: unknown): error is AdminError {
  return error instanceof AdminError && (error.code === 'unreachable' || error.code === 'store');
}

/** Tells of an outage once when it begins and once when it is over. */
function createOutageWatch(note: (text: string) => void): { answered(): void; failed(error: AdminError): void } {
  let isOut = false;
  return {
    answered: () => {
      if (isOut) note('The server answers again.');
      isOut = false;
    },
    failed: ({ message }) => {
      if (!isOut) note(`${message}; waiting for it`);
      isOut = true;
    },
  };
}
