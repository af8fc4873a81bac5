// Answers the requests of one facade: opens the file, applies batches in order, closes the file.
import type { DatabaseSync } from 'node:sqlite';
import { openDatabase } from './database.ts';
import { toFailure } from './failures.ts';
import { writePid } from './holder.ts';
import type { Reply, Request } from './protocol.ts';
import { Session } from './session.ts';
import { Writer } from './writer.ts';

/** The writer behind a channel of messages; which thread it runs in is its caller's choice. */
export class WriterService {
  #db: DatabaseSync | undefined;
  #writer: Writer | undefined;

  answer(request: Request): Reply {
    if (request.kind === 'open') return this.#open(request);
    if (request.kind === 'close') {
      this.#db?.close();
      this.#db = undefined;
      return { kind: 'closed' };
    }
    if (this.#writer === undefined) throw new Error('the store is not open');
    return this.#writer.run(request);
  }

  #open(request: Extract<Request, { kind: 'open' }>): Reply {
    const { settings } = request;
    try {
      this.#db = openDatabase(settings.path);
      this.#writer = new Writer(new Session(this.#db, request.nowMs), settings, request);
      this.#writer.open();
      writePid(settings.path, settings.pid);
      return { kind: 'opened' };
    } catch (error) {
      this.#db?.close();
      this.#db = undefined;
      return { kind: 'failed', failure: toFailure(error, settings.path) };
    }
  }
}
