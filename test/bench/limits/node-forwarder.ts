// The limit of one Node thread with the libraries that the program uses: it reads a body, answers 202 and passes the body on with
// as many requests in flight as a Target may have. It stores nothing and decides nothing.
//
//   node node-forwarder.ts URL IN_FLIGHT
import express from 'express';
import { Pool } from 'undici';

const [url = '', inFlight = '8'] = process.argv.slice(2);
const { origin, pathname } = new URL(url);
const pool = new Pool(origin, { connections: Number(inFlight), pipelining: 1, allowH2: false });
const headers = { 'Content-Type': 'application/json', 'Gotk-Component': 'kustomize-controller' };
const bodies: Buffer[] = [];
let running = 0;

async function forward(): Promise<void> {
  running += 1;
  for (let body = bodies.shift(); body !== undefined; body = bodies.shift()) {
    const answer = await pool.request({ method: 'POST', path: pathname, headers, body });
    await answer.body.arrayBuffer();
  }
  running -= 1;
}

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.use(express.raw({ type: () => true, limit: 3 * 1024 * 1024, inflate: false }));
app.use((request, response) => {
  response.status(202).end();
  bodies.push(request.body as Buffer);
  if (running < Number(inFlight)) void forward();
});

const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  process.stdout.write(`${JSON.stringify({ msg: 'listening', events: `127.0.0.1:${port}` })}\n`);
});
