// The outbox on one SQLite file, whose writer runs in a thread of its own.
import type { Project } from '../../event/event.ts';
import type { Clock, Random } from '../../sdk/ports.ts';
import { BatchedOutbox } from '../batched-outbox.ts';
import type { Batch, BatchReply } from '../operations.ts';
import { type Outbox, StoreError } from '../store.ts';
import { describeHolder } from './holder.ts';
import { isPersistent } from './persistence.ts';
import type { WriterSettings } from './protocol.ts';
import { startThread, type WriterPort, WriterThread } from './thread.ts';

const DAY_MS = 24 * 60 * 60_000;
const GIB = 1024 ** 3;
const LOCK_RETRY_MS = 250;
const DEFAULT_LOCK_WAIT_MS = 60_000;
const DEFAULT_RESERVE_BYTES = 8 * 1024 ** 2;

export interface SqliteOutboxOptions {
  /** The file; its folder is made when it is missing. */
  readonly path: string;
  /** Rebuilds an event's Flux projection from its stored body. */
  readonly project: Project;
  readonly clock: Clock;
  readonly random: Random;
  /** Shown to whoever finds the store locked; the process's own id when absent. */
  readonly pid?: number;
  /** How long to wait for another process to let go of the store; 60 s when absent. */
  readonly lockWaitMs?: number;
  /** Appends are refused beyond; 10 GiB when absent. */
  readonly maxBytes?: number;
  /** Room kept for the day the disk is full; 8 MiB when absent. */
  readonly reserveBytes?: number;
  /** Pages that the file may have, as if the disk were that large; no limit when absent. */
  readonly pageLimit?: number;
  readonly keepDeliveredMs?: number;
  readonly keepDeadMs?: number;
  /** The writer's module; a bundle names the file it made of it. */
  readonly workerUrl?: URL;
  /** Called once when the writer dies by itself: nothing can be read or written any more. */
  readonly onWriterDeath?: (error: StoreError) => void;
  /** Starts the writer; in a thread of its own when absent. */
  readonly startWriter?: (url: URL) => WriterPort;
}

/** Opens the store, waiting for another process to let go of it; rejects with StoreError. */
export async function openSqliteOutbox(options: SqliteOutboxOptions): Promise<Outbox> {
  const { clock } = options;
  const settings = toSettings(options);
  const url = options.workerUrl ?? new URL('./worker.ts', import.meta.url);
  const thread = new WriterThread((options.startWriter ?? startThread)(url));
  const deadlineMs = clock.monotonicMs() + (options.lockWaitMs ?? DEFAULT_LOCK_WAIT_MS);
  try {
    for (;;) {
      const reply = await thread.send({ kind: 'open', settings, nowMs: Math.floor(clock.nowMs()), monotonicMs: clock.monotonicMs() });
      if (reply.kind === 'opened') return toOutbox(thread, options);
      if (reply.kind !== 'failed') throw new StoreError('io', 'the writer of the store gave an unexpected answer');
      if (reply.failure.code !== 'locked') throw new StoreError(reply.failure.code, reply.failure.message);
      if (clock.monotonicMs() >= deadlineMs) {
        throw new StoreError('locked', `the store ${settings.path} is in use by ${describeHolder(settings.path)}`);
      }
      await new Promise<void>((resolve) => clock.schedule(LOCK_RETRY_MS, resolve));
    }
  } catch (error) {
    await thread.end();
    throw error;
  }
}

function toSettings(options: SqliteOutboxOptions): WriterSettings {
  return {
    path: options.path,
    pid: options.pid ?? process.pid,
    maxBytes: options.maxBytes ?? 10 * GIB,
    reserveBytes: options.reserveBytes ?? DEFAULT_RESERVE_BYTES,
    pageLimit: options.pageLimit ?? 0,
    keepDeliveredMs: options.keepDeliveredMs ?? 7 * DAY_MS,
    keepDeadMs: options.keepDeadMs ?? 30 * DAY_MS,
  };
}

function toOutbox(thread: WriterThread, { path, project, clock, random, onWriterDeath }: SqliteOutboxOptions): Outbox {
  const outbox = new BatchedOutbox({
    project,
    clock,
    random,
    send: (batch) => sendBatch(thread, clock, batch),
    isPersistent: () => isPersistent(path),
    close: () => closeThread(thread),
  });
  thread.whenDead((death) => {
    if (outbox.isClosed) return;
    onWriterDeath?.(death.code === 'closed' ? new StoreError('io', 'the writer of the store ended by itself') : death);
  });
  return outbox;
}

async function sendBatch(thread: WriterThread, clock: Clock, batch: Batch): Promise<BatchReply> {
  const time = { nowMs: Math.floor(clock.nowMs()), monotonicMs: clock.monotonicMs() };
  const reply = await thread.send({ kind: 'batch', ...time, ...batch });
  if (reply.kind !== 'batch') throw new StoreError('io', 'the writer of the store gave an unexpected answer');
  return reply;
}

async function closeThread(thread: WriterThread): Promise<void> {
  try {
    await thread.send({ kind: 'close' });
    await thread.ended;
  } catch (error) {
    // A writer that died before has nothing left to close.
    if (!(error instanceof StoreError)) throw error;
  }
}
