// A program that acknowledges every event and sends nothing: what the runner must tell apart from Tocsin.
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ strict: false, options: { store: { type: 'string' } } });
writeFileSync(`${String(values.store).replace('sqlite:', '')}.admin-token`, 'token');

function listen(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => answer(request, response));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : '');
    });
  });
}

const events = await listen((_, response) => response.writeHead(202, { 'Tocsin-Event': 'one' }).end());
const other = await listen((_, response) => response.writeHead(200).end());
const admin = await listen((_, response) => response.writeHead(200).end(JSON.stringify({ pending: false, verdicts: [], deliveries: [] })));
process.on('SIGTERM', () => process.exit(0));
process.stdout.write(`${JSON.stringify({ msg: 'listening', events, receiver: other, metrics: other, health: other, admin })}\n`);
