// The other side of every Provider of a page.
import { createServer } from 'node:http';
import type { Session } from '../session.ts';

/** Ends what a world keeps running. */
export type EndWorld = () => Promise<void>;

const RETRY_AFTER_S = 600;
const BODIES = new Map([
  [200, 'ok'],
  [400, 'invalid_payload'],
]);

/** Answers on the page's port 9798 with the status that is the path, 200 where the path is none. */
export async function startSink(session: Session): Promise<EndWorld> {
  const server = createServer((request, response) => {
    request.resume();
    const status = Number(/^\/(\d{3})$/.exec(request.url ?? '')?.[1] ?? 200);
    response.writeHead(status, status === 429 ? { 'Retry-After': RETRY_AFTER_S } : {}).end(BODIES.get(status));
  }).listen(session.ports.of('sink'), '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
}
