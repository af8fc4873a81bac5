// The writer's thread: opens the file when told to, applies batches in order, closes the file and ends.
import type { DatabaseSync } from 'node:sqlite';
import { parentPort } from 'node:worker_threads';
import { openDatabase } from './database.ts';
import { toFailure } from './failures.ts';
import { writePid } from './holder.ts';
import type { Reply, Request } from './protocol.ts';
import { Session } from './session.ts';
import { Writer } from './writer.ts';

if (parentPort === null) throw new Error('the writer runs in a worker thread');
serve(parentPort);

function serve(port: NonNullable<typeof parentPort>): void {
  let db: DatabaseSync | undefined;
  let writer: Writer | undefined;

  const open = (request: Extract<Request, { kind: 'open' }>): Reply => {
    const { settings } = request;
    try {
      db = openDatabase(settings.path);
      writer = new Writer(new Session(db, request.nowMs), settings, request);
      writer.open();
      writePid(settings.path, settings.pid);
      return { kind: 'opened' };
    } catch (error) {
      db?.close();
      db = undefined;
      return { kind: 'failed', failure: toFailure(error, settings.path) };
    }
  };

  const answer = (request: Request): Reply => {
    if (request.kind === 'open') return open(request);
    if (request.kind === 'close') {
      db?.close();
      return { kind: 'closed' };
    }
    if (writer === undefined) throw new Error('the store is not open');
    return writer.run(request);
  };

  port.on('message', (request: Request) => {
    port.postMessage(answer(request));
    if (request.kind === 'close') port.close();
  });
}
