// A real store behind a real admin API on loopback, with a clock that is moved by hand: what asking commands ask.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdminApp } from '../../internal/admin/admin-server.ts';
import type { Project } from '../../internal/event/event.ts';
import { openSqliteOutbox } from '../../internal/outbox/sqlite/outbox.ts';
import type { Outbox } from '../../internal/outbox/store.ts';
import type { Logger } from '../../internal/sdk/ports.ts';
import { ManualClock } from './clock.ts';
import { startInline } from './inline-writer.ts';
import { projectBody } from './outbox.ts';

const TOKEN = 'a-token-for-tests';
const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silent };

export interface AdminWorld {
  readonly outbox: Outbox;
  readonly clock: ManualClock;
  /** How commands find it. */
  readonly flags: { readonly adminAddr: string; readonly store: string; readonly output: 'json' };
  /** Requests whose path and query match are answered 503 while set. */
  failing: RegExp | undefined;
  /** Called with the path and query of every request before it is answered. */
  onRequest: (url: string) => Promise<void> | void;
  close(): Promise<void>;
}

/** Opens an empty one; its events are those of `anEvent` unless it is told how to read their bodies. */
export async function openAdminWorld(project: Project = projectBody): Promise<AdminWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-admin-world-'));
  const store = join(folder, 'outbox.db');
  writeFileSync(`${store}.admin-token`, TOKEN);
  const clock = new ManualClock();
  const outbox = await openSqliteOutbox({
    path: store,
    project,
    clock,
    random: () => 0.5,
    reserveBytes: 64 * 1024,
    startWriter: startInline,
  });
  const app = createAdminApp({ outbox, token: TOKEN, explain: () => ({ verdicts: [], revision: 'r' }), faults: () => [], log: silent });
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    void Promise.resolve(world.onRequest(url)).then(() => {
      if (world.failing?.test(url) !== true) return app(request, response);
      response.writeHead(503, { 'content-type': 'application/problem+json' }).end('{"code":"store","detail":"the store is busy"}');
      return undefined;
    });
  });
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const world: AdminWorld = {
    outbox,
    clock,
    flags: { adminAddr: `127.0.0.1:${port}`, store: `sqlite:${store}`, output: 'json' },
    failing: undefined,
    onRequest: () => undefined,
    close: () => close(server, outbox, folder),
  };
  return world;
}

async function close(server: Server, outbox: Outbox, folder: string): Promise<void> {
  server.close();
  server.closeAllConnections();
  await outbox.close();
  rmSync(folder, { recursive: true, force: true });
}
