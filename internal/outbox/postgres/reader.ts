// What needs no turn of the writer: questions, on connections of their own, and the news that others have something to lease.
import type { Clock } from '../../sdk/ports.ts';
import type { Answer, Answers, Operation } from '../operations.ts';
import type { Connection } from './connection.ts';
import { toStoreError } from './failures.ts';
import { Line } from './line.ts';
import { recall } from './memory.ts';
import { deliveries, event, events, load, pending, targets } from './queries.ts';
import { readTally } from './tally.ts';
import { CHANNEL } from './writer.ts';

interface Listening {
  readonly schema: string;
  readonly owner: string;
  readonly onReady: () => void;
}

/** Answers questions for one replica. */
export class Reader {
  readonly #place: string;
  /** For those that a delivery waits for. */
  readonly #quick: Line;
  /** For those that people wait for. */
  readonly #lists: Line;
  #listening: Listening | undefined;

  constructor({ open, clock, place }: { readonly open: () => Promise<Connection>; readonly clock: Clock; readonly place: string }) {
    this.#place = place;
    this.#quick = new Line(async () => this.#listenOn(await open()), clock);
    this.#lists = new Line(open, clock);
  }

  /** The answer to a question; undefined for what the writer has to do. */
  ask<K extends Operation['kind']>(operation: Extract<Operation, { kind: K }>): Promise<Answers[K]> | undefined {
    // Every second somebody maintains the store: then at the latest the news are heard again.
    if (operation.kind === 'maintain') this.#quick.connection().catch(() => undefined);
    return this.#answer(operation) as Promise<Answers[K]> | undefined;
  }

  /** Calls back when another replica has something to lease; resolves when it is listened for, or cannot be at this moment. */
  async listen(listening: Listening): Promise<void> {
    this.#listening = listening;
    await this.#quick.connection().catch(() => undefined);
  }

  async close(): Promise<void> {
    await Promise.all([this.#quick.close(), this.#lists.close()]);
  }

  #answer(operation: Operation): Promise<Answer> | undefined {
    switch (operation.kind) {
      case 'recall':
        return this.#on(this.#quick, (connection) => recall(connection, operation.scope, operation.key));
      case 'tally':
        return this.#on(this.#quick, (connection) => readTally(connection, operation.lane));
      case 'load':
        return this.#on(this.#quick, (connection) => load(connection, operation.ids));
      case 'pending':
        return this.#on(this.#quick, (connection) => pending(connection, operation));
      case 'event':
        return this.#on(this.#quick, (connection) => event(connection, operation.id));
      case 'deliveries':
        return this.#on(this.#lists, (connection) => deliveries(connection, operation.filter, operation.fromSeq));
      case 'events':
        return this.#on(this.#lists, (connection) => events(connection, operation.filter, operation.fromSeq));
      case 'targets':
        return this.#on(this.#lists, targets);
      case 'append':
      case 'settle':
      case 'release':
      case 'resolve':
      case 'wake':
      case 'replay':
      case 'cancel':
      case 'stats':
      case 'maintain':
        break;
    }
    return undefined;
  }

  async #on<T>(line: Line, question: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      return await question(await line.connection());
    } catch (error) {
      throw toStoreError(error, this.#place);
    }
  }

  async #listenOn(connection: Connection): Promise<Connection> {
    connection.onNotification((payload) => {
      const listening = this.#listening;
      if (listening === undefined || !payload.startsWith(`${listening.schema} `) || payload.endsWith(` ${listening.owner}`)) return;
      listening.onReady();
    });
    await connection.rows(`LISTEN ${CHANNEL}`);
    return connection;
  }
}
