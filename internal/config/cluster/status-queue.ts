// Whose status is written next: what changed comes first, in the order in which it did; of what is merely new the youngest, since
// that is the one whose author is looking.

/** Keys, each at most once. */
export class StatusQueue {
  readonly #changed = new Set<string>();
  readonly #fresh = new Set<string>();
  /** May hold keys that are not fresh any more. */
  #freshOrder: string[] = [];

  get isEmpty(): boolean {
    return this.#changed.size + this.#fresh.size === 0;
  }

  /** Somebody may have read what it said before. */
  addChanged(key: string): void {
    this.#fresh.delete(key);
    this.#changed.add(key);
  }

  /** It says something for the first time. */
  addFresh(key: string): void {
    if (this.#changed.has(key) || this.#fresh.has(key)) return;
    this.#fresh.add(key);
    this.#freshOrder.push(key);
  }

  delete(key: string): void {
    this.#changed.delete(key);
    this.#fresh.delete(key);
  }

  clear(): void {
    this.#changed.clear();
    this.#fresh.clear();
    this.#freshOrder = [];
  }

  /** Takes the next one out. */
  take(): string | undefined {
    const [changed] = this.#changed;
    if (changed !== undefined) {
      this.delete(changed);
      return changed;
    }
    for (let key = this.#freshOrder.pop(); key !== undefined; key = this.#freshOrder.pop()) if (this.#fresh.delete(key)) return key;
    return undefined;
  }
}
