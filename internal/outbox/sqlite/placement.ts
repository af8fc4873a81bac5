// Whether the file that is open is still the one at its path. A file that was removed or replaced goes on to work for the process that
// has it open, and is gone with everything that it acknowledged as soon as that ends.
import { statSync } from 'node:fs';

/** Remembers which file and which log were opened. */
export class Placement {
  readonly #path: string;
  readonly #known = new Map<string, string>();

  constructor(path: string) {
    this.#path = path;
  }

  /** Why nothing may be promised any more; undefined while the files are in their place. */
  problem(): string | undefined {
    const isMoved = [this.#path, `${this.#path}-wal`].some((path) => this.#isMoved(path));
    return isMoved
      ? `the file of the store ${this.#path} was removed or replaced while it was in use; start anew to use what is there now`
      : undefined;
  }

  /** The log comes into being with the first write. */
  #isMoved(path: string): boolean {
    const found = identify(path);
    const known = this.#known.get(path);
    if (known === undefined && found !== undefined) this.#known.set(path, found);
    return known !== undefined && found !== known;
  }
}

function identify(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${dev} ${ino}`;
  } catch {
    return undefined;
  }
}
