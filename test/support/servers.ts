// Small servers on 127.0.0.1 for tests over real sockets: a recording HTTP or HTTPS server, an HTTP proxy and a SOCKS5 proxy.
import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, connect, type Server as TcpServer, type Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';

export interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: string;
  /** Common name of the client certificate, empty without one. */
  readonly clientName: string;
}

export interface RecordingServer {
  readonly port: number;
  /** `host:port` */
  readonly host: string;
  readonly requests: readonly Recorded[];
  /** How many connections were ever opened. */
  readonly connections: () => number;
  close(): Promise<void>;
}

export type Answer = (request: Recorded, response: Parameters<RequestListener>[1]) => void;

/** Records every request and answers with `answer`; 200 and `ok` without one. */
export async function startRecordingServer(
  options: { readonly tls?: TlsOptions; readonly answer?: Answer } = {},
): Promise<RecordingServer> {
  const requests: Recorded[] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const recorded = record(request, Buffer.concat(chunks).toString());
      requests.push(recorded);
      if (options.answer === undefined) response.end('ok');
      else options.answer(recorded, response);
    });
  };
  const server = options.tls === undefined ? createHttpServer(listener) : createHttpsServer(options.tls, listener);
  return { ...(await listen(server)), requests };
}

export interface RecordingProxy {
  readonly port: number;
  readonly host: string;
  /** `absolute-form <url>` or `CONNECT <authority>` or `SOCKS5 <host>:<port>`, with the credentials that came along. */
  readonly seen: readonly string[];
  readonly connections: () => number;
  close(): Promise<void>;
}

/** An HTTP proxy that leads every host to `target` and answers CONNECT with `status`. */
export async function startHttpProxy(
  target: number,
  options: { readonly tls?: TlsOptions; readonly status?: number } = {},
): Promise<RecordingProxy> {
  const seen: string[] = [];
  const note = (form: string, request: IncomingMessage): void => {
    seen.push(`${form} ${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
  };
  const listener: RequestListener = (request, response) => {
    note(`absolute-form ${request.headers.host}`, request);
    request.resume();
    response.statusCode = options.status ?? 200;
    response.end('from proxy');
  };
  const server = options.tls === undefined ? createHttpServer(listener) : createHttpsServer(options.tls, listener);
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    note('CONNECT', request);
    if (options.status !== undefined) {
      client.end(`HTTP/1.1 ${options.status} No\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    splice(client, target);
  });
  return { ...(await listen(server)), seen };
}

/** A SOCKS5 proxy that leads every host to `target`; with `password` it insists on user name and password. */
export async function startSocks5Proxy(
  target: number,
  options: { readonly password?: string; readonly reply?: number } = {},
): Promise<RecordingProxy> {
  const seen: string[] = [];
  const server = createTcpServer((client) => {
    client.on('error', () => client.destroy());
    let step: 'greeting' | 'password' | 'request' = 'greeting';
    let credentials = '';
    client.on('data', function onData(data: Buffer) {
      if (step === 'greeting') {
        step = options.password === undefined ? 'request' : 'password';
        client.write(Buffer.from([5, options.password === undefined ? 0 : data.includes(2, 2) ? 2 : 255]));
      } else if (step === 'password') {
        step = 'request';
        const userEnd = 2 + (data[1] ?? 0);
        credentials = ` ${data.subarray(2, userEnd).toString()}:${data.subarray(userEnd + 1).toString()}`;
        client.write(Buffer.from([1, credentials.endsWith(`:${options.password}`) ? 0 : 1]));
      } else {
        client.off('data', onData);
        seen.push(`SOCKS5 ${socksTarget(data)}${credentials}`);
        client.write(Buffer.from([5, options.reply ?? 0, 0, 1, 0, 0, 0, 0, 0, 0]));
        if (options.reply === undefined) splice(client, target);
      }
    });
  });
  return { ...(await listen(server)), seen };
}

/** A TCP server that treats each connection as the test says. */
export async function startTcpServer(onConnection: (socket: Socket) => void): Promise<Omit<RecordingServer, 'requests'>> {
  return listen(
    createTcpServer((socket) => {
      socket.on('error', () => socket.destroy());
      onConnection(socket);
    }),
  );
}

async function listen(server: Server | TcpServer): Promise<Omit<RecordingServer, 'requests'>> {
  let opened = 0;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    opened++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return { port, host: `127.0.0.1:${port}`, connections: () => opened, close };
}

function record(request: IncomingMessage, body: string): Recorded {
  const { socket } = request;
  const certificate =
    'getPeerCertificate' in socket && typeof socket.getPeerCertificate === 'function' ? socket.getPeerCertificate() : undefined;
  return {
    method: request.method ?? '',
    url: request.url ?? '',
    headers: request.headers,
    rawHeaders: request.rawHeaders,
    body,
    clientName: certificate?.subject?.CN ?? '',
  };
}

function splice(client: Socket, port: number): void {
  const upstream = connect(port, '127.0.0.1');
  upstream.on('error', () => client.destroy());
  client.on('error', () => upstream.destroy());
  client.on('close', () => upstream.destroy());
  upstream.on('close', () => client.destroy());
  client.pipe(upstream).pipe(client);
}

function socksTarget(request: Buffer): string {
  const port = request.readUInt16BE(request.length - 2);
  const address = request.subarray(4, -2);
  if (request[3] === 1) return `${[...address].join('.')}:${port}`;
  return request[3] === 3 ? `${address.subarray(1).toString()}:${port}` : `[${address.toString('hex')}]:${port}`;
}
