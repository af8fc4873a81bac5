// Group commit, seen from the callers: everything that is asked for in one tick travels, and is committed, together.
import type { Clock } from '../sdk/ports.ts';
import type { Answer, Answers, Batch, BatchReply, LeaseRow, Operation, Poll } from './operations.ts';
import { StoreError } from './store.ts';

/** What arrives during a commit shares the next one: more under way only made smaller batches and more commits. */
const MAX_BATCHES_IN_FLIGHT = 1;
const MAX_OPERATIONS = 2_000;

interface Queued {
  readonly operation: Operation;
  readonly resolve: (value: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** Queues operations and lease requests for the writer. */
export class Batcher {
  readonly #send: (batch: Batch) => Promise<BatchReply>;
  readonly #clock: Clock;
  readonly #onServed: (pollId: number, leases: readonly LeaseRow[]) => void;
  readonly #onDeath: () => void;
  #queue: Queued[] = [];
  #polls: Poll[] = [];
  #cancelledPolls: number[] = [];
  #inFlight = 0;
  #isScheduled = false;
  #isTickDue = false;
  #isStopped = false;
  #death: StoreError | undefined;
  #onIdle: (() => void) | undefined;
  #cancelWake: (() => void) | undefined;

  constructor(parts: {
    /** Rejects when the writer is gone for ever. */
    readonly send: (batch: Batch) => Promise<BatchReply>;
    readonly clock: Clock;
    readonly onServed: (pollId: number, leases: readonly LeaseRow[]) => void;
    readonly onDeath: () => void;
  }) {
    this.#send = parts.send;
    this.#clock = parts.clock;
    this.#onServed = parts.onServed;
    this.#onDeath = parts.onDeath;
  }

  /** Why the writer answers no more. */
  get death(): StoreError | undefined {
    return this.#death;
  }

  /** Operations that are not with the writer yet. */
  get queued(): number {
    return this.#queue.length;
  }

  run<K extends Operation['kind']>(operation: Extract<Operation, { kind: K }>): Promise<Answers[K]> {
    if (this.#death !== undefined) return Promise.reject(this.#death);
    return new Promise<Answer>((resolve, reject) => {
      this.#queue.push({ operation, resolve, reject });
      this.#schedule();
    }) as Promise<Answers[K]>;
  }

  poll(poll: Poll): void {
    this.#polls.push(poll);
    this.#schedule();
  }

  cancelPoll(id: number): void {
    this.#polls = this.#polls.filter((poll) => poll.id !== id);
    this.#cancelledPolls.push(id);
    this.#schedule();
  }

  /** Has the standing lease requests looked at. */
  wakeUp(): void {
    this.#isTickDue = true;
    this.#schedule();
  }

  /** Resolves when everything that was asked for is answered. */
  async drain(): Promise<void> {
    while (this.#queue.length > 0 || this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
  }

  /** Sends nothing from now on. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer();
  }

  #cancelTimer(): void {
    this.#cancelWake?.();
    this.#cancelWake = undefined;
  }

  #schedule(): void {
    if (this.#isStopped || this.#isScheduled || this.#inFlight >= MAX_BATCHES_IN_FLIGHT) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#isStopped) return;
    if (this.#queue.length === 0 && this.#polls.length === 0 && this.#cancelledPolls.length === 0 && !this.#isTickDue) return;
    const batch = this.#queue.splice(0, MAX_OPERATIONS);
    const [polls, cancelledPolls] = [this.#polls, this.#cancelledPolls];
    this.#polls = [];
    this.#cancelledPolls = [];
    this.#isTickDue = false;
    this.#inFlight += 1;
    this.#send({ operations: batch.map((queued) => queued.operation), polls, cancelledPolls }).then(
      (reply) => this.#onReply(batch, reply),
      (error: unknown) => {
        this.#inFlight -= 1;
        if (error instanceof StoreError) this.#onError(batch, error);
        else this.#onUnsent(batch, { polls, cancelledPolls }, error);
      },
    );
  }

  #onReply(batch: readonly Queued[], reply: BatchReply): void {
    this.#inFlight -= 1;
    reply.results.forEach((result, index) => {
      if (result.ok) batch[index]?.resolve(result.value);
      else batch[index]?.reject(new StoreError(result.failure.code, result.failure.message));
    });
    for (const { pollId, leases } of reply.served) this.#onServed(pollId, leases);
    this.#wakeAt(reply.wakeAtMs);
    if (this.#queue.length > 0 || this.#polls.length > 0 || this.#cancelledPolls.length > 0 || this.#isTickDue) this.#schedule();
    this.#onIdle?.();
  }

  /** Something of the batch cannot travel: that alone is refused, and everything else goes again. */
  #onUnsent(batch: readonly Queued[], { polls, cancelledPolls }: Pick<Batch, 'polls' | 'cancelledPolls'>, error: unknown): void {
    const refusal = error instanceof Error ? error : new TypeError(String(error));
    const { sound = [], unsound = [] } = Object.groupBy(batch, ({ operation }) => (canTravel(operation) ? 'sound' : 'unsound'));
    if (unsound.length === 0) return this.#onError(batch, new StoreError('io', `the writer cannot be reached: ${refusal.message}`));
    for (const queued of unsound) queued.reject(refusal);
    this.#queue = [...sound, ...this.#queue];
    this.#polls = [...polls.filter(({ id }) => !this.#cancelledPolls.includes(id)), ...this.#polls];
    this.#cancelledPolls = [...cancelledPolls, ...this.#cancelledPolls];
    this.#schedule();
    this.#onIdle?.();
  }

  #onError(batch: readonly Queued[], error: StoreError): void {
    for (const queued of [...batch, ...this.#queue.splice(0)]) queued.reject(error);
    this.#death = error;
    this.stop();
    this.#onDeath();
    this.#onIdle?.();
  }

  /** Time alone can make a delivery ready: ask again then. */
  #wakeAt(atMs: number | null): void {
    this.#cancelTimer();
    if (atMs === null || this.#isStopped) return;
    this.#cancelWake = this.#clock.schedule(Math.max(0, atMs - this.#clock.nowMs()), () => this.wakeUp());
  }
}

/** Writers live in other threads and on other machines. */
function canTravel(operation: Operation): boolean {
  try {
    structuredClone(operation);
    return true;
  } catch {
    return false;
  }
}
