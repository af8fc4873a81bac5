// Leases that wait for their turn: of one Target no more are sent at a time than it takes, whatever was leased ahead.

/** Admits work per Target in the order in which it came. */
export class TargetGate<Work> {
  readonly #lines = new Map<string, { running: number; readonly waiting: Work[] }>();
  readonly #start: (key: string, work: Work) => void;

  constructor(start: (key: string, work: Work) => void) {
    this.#start = start;
  }

  /** Starts the work, now or when an earlier one of its Target leaves. */
  enter(key: string, concurrency: number, work: Work): void {
    const line = this.#lines.get(key) ?? { running: 0, waiting: [] };
    this.#lines.set(key, line);
    if (line.running >= concurrency) {
      line.waiting.push(work);
      return;
    }
    line.running += 1;
    this.#start(key, work);
  }

  /** One of the Target's running is done. */
  leave(key: string): void {
    const line = this.#lines.get(key);
    if (line === undefined) return;
    const next = line.waiting.shift();
    if (next !== undefined) {
      this.#start(key, next);
      return;
    }
    line.running -= 1;
    if (line.running === 0) this.#lines.delete(key);
  }

  /** Takes what has not started back: of one Target, or of all. */
  clear(key?: string): readonly Work[] {
    const lines = key === undefined ? [...this.#lines.values()] : [this.#lines.get(key)].filter((line) => line !== undefined);
    return lines.flatMap((line) => line.waiting.splice(0));
  }
}
