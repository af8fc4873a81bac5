// Room kept for the day the disk is full: a file beside the store that is given up so that settling and pruning can go on.
import { closeSync, existsSync, openSync, rmSync, writeSync } from 'node:fs';
import { pragma } from './maintenance.ts';
import type { WriterSettings } from './protocol.ts';
import type { Session } from './session.ts';

const OWNER_ONLY = 0o600;
const CHUNK = Buffer.alloc(64 * 1024, 0x20);

/** `roomy`: all is well. `tight`: nothing new is taken, what is owed goes on. `stuck`: not even a settle can be written. */
export type Room = 'roomy' | 'tight' | 'stuck';

/** Watches how much room the store has. */
export class Reserve {
  readonly #session: Session;
  readonly #settings: WriterSettings;
  readonly #path: string;
  #isHeld = false;
  #room: Room = 'roomy';

  constructor(session: Session, settings: WriterSettings) {
    this.#session = session;
    this.#settings = settings;
    this.#path = `${settings.path}.reserve`;
  }

  get room(): Room {
    return this.#room;
  }

  /** At start: without room for the reserve the store opens all the same, but takes nothing new. */
  open(): void {
    this.#hold();
    this.#room = this.#hasRoom() ? 'roomy' : 'tight';
  }

  /** A write found the disk full. */
  onFull(): void {
    if (this.#isHeld) {
      rmSync(this.#path, { force: true });
      this.#isHeld = false;
      this.#limitPages();
    } else if (this.#room === 'tight') {
      this.#room = 'stuck';
    }
    if (this.#room === 'roomy') this.#room = 'tight';
  }

  /** Looks whether room is back. */
  check(): void {
    if (!this.#isHeld) this.#hold();
    const hasRoom = this.#hasRoom();
    if (hasRoom) this.#room = 'roomy';
    else if (this.#room === 'roomy' || this.#freeBytes() > 0) this.#room = 'tight';
  }

  #hasRoom(): boolean {
    return this.#isHeld || this.#freeBytes() >= this.#settings.reserveBytes;
  }

  #hold(): void {
    const { pageLimit, reserveBytes } = this.#settings;
    if (pageLimit > 0 && !this.#fitsPageLimit()) return;
    try {
      if (!existsSync(this.#path)) writeFile(this.#path, reserveBytes);
      this.#isHeld = true;
    } catch {
      // No room for it: what is free inside the file decides.
      rmSync(this.#path, { force: true });
      this.#isHeld = false;
    }
    this.#limitPages();
  }

  #fitsPageLimit(): boolean {
    const used = pragma(this.#session, 'page_count') - pragma(this.#session, 'freelist_count');
    return used + this.#reservePages() <= this.#settings.pageLimit;
  }

  #limitPages(): void {
    const { pageLimit } = this.#settings;
    if (pageLimit <= 0) return;
    const limit = Math.max(1, pageLimit - (this.#isHeld ? this.#reservePages() : 0));
    this.#session.db.exec(`PRAGMA max_page_count = ${limit}`);
  }

  #reservePages(): number {
    return Math.ceil(this.#settings.reserveBytes / pragma(this.#session, 'page_size'));
  }

  #freeBytes(): number {
    return pragma(this.#session, 'freelist_count') * pragma(this.#session, 'page_size');
  }
}

function writeFile(path: string, bytes: number): void {
  const file = openSync(path, 'wx', OWNER_ONLY);
  try {
    for (let written = 0; written < bytes; ) written += writeSync(file, CHUNK, 0, Math.min(CHUNK.length, bytes - written));
  } finally {
    closeSync(file);
  }
}
