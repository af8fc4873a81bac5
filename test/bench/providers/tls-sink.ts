// Every vendor at once: an HTTP proxy behind which each host is this process, with a certificate for its name. Every request
// is taken, with a yes in the words of as many vendors as one answer can hold, and connections are counted.
//
//   node tls-sink.ts     prints its port and the CA; `GET /count` without TLS answers what was counted
import { createServer as createProxy } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { createCertificateAuthority } from '../../support/certificates.ts';

/** What Slack, Rocket.Chat, Telegram, Datadog, Grafana and others say when they took a message. */
const YES = JSON.stringify({ ok: true, success: true, code: 0, id: 1, result: { message_id: 1 }, messageIds: ['1'] });
const HOST = 'localhost';
const KEEP_ALIVE_MS = 60_000;
const authority = createCertificateAuthority('bench of providers');
const contexts = new Map<string, SecureContext>();
let connections = 0;
let requests = 0;

function contextOf(host: string): SecureContext {
  const context = contexts.get(host) ?? createSecureContext(authority.issueServer([host]));
  contexts.set(host, context);
  return context;
}

const vendors = createServer(
  {
    ...authority.issueServer([HOST]),
    keepAliveTimeout: KEEP_ALIVE_MS,
    SNICallback: (host, done) => done(null, contextOf(host)),
  },
  (request, response) => {
    requests += 1;
    request.resume().on('end', () => {
      response.setHeader('Content-Type', 'application/json');
      response.end(YES);
    });
  },
);
vendors.on('secureConnection', () => (connections += 1));

const proxy = createProxy((_request, response) => response.end(JSON.stringify({ connections, requests })));
proxy.on('connect', (_request, socket) => {
  socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
  vendors.emit('connection', socket);
});
proxy.listen(0, '127.0.0.1', () => {
  const { port } = proxy.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ port, ca: authority.cert })}\n`);
});
