// The limit of delivering: as many requests in flight as a Target may have, over kept-alive connections, and nothing else.
//
//   node undici-loop.ts URL SECONDS IN_FLIGHT
import { Pool } from 'undici';

const [url = '', seconds = '3', inFlight = '8'] = process.argv.slice(2);
const { origin, pathname } = new URL(url);
const pool = new Pool(origin, { connections: Number(inFlight), pipelining: 1, allowH2: false });
const body = JSON.stringify({ message: 'x'.repeat(700) });
const headers = { 'Content-Type': 'application/json', 'Gotk-Component': 'kustomize-controller' };
const untilMs = performance.now() + Number(seconds) * 1000;
let count = 0;

async function post(): Promise<void> {
  while (performance.now() < untilMs) {
    const answer = await pool.request({ method: 'POST', path: pathname, headers, body });
    await answer.body.arrayBuffer();
    count += 1;
  }
}

const startMs = performance.now();
await Promise.all(Array.from({ length: Number(inFlight) }, post));
const perSecond = count / ((performance.now() - startMs) / 1000);
await pool.close();
process.stdout.write(`${JSON.stringify({ perSecond })}\n`);
