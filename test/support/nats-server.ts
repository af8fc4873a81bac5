// A small NATS server on 127.0.0.1 that records what is published and with which CONNECT options. It speaks as much of the
// protocol as a publisher meets: INFO, CONNECT, PING and PUB, TLS after INFO, and the errors that a test asks for.
import { randomBytes } from 'node:crypto';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type SecureContextOptions, TLSSocket } from 'node:tls';

/** The options of a CONNECT line. */
export type ConnectOptions = Readonly<Record<string, unknown>>;

export interface Published {
  readonly subject: string;
  readonly connect: ConnectOptions;
  readonly body: Buffer;
  readonly isEncrypted: boolean;
}

export interface NatsServerOptions {
  /** 0 takes a free one. */
  readonly port?: number;
  /** Further fields of INFO. */
  readonly info?: Readonly<Record<string, unknown>>;
  /** The error that a login is answered with, undefined to let it in. */
  readonly refuse?: (connect: ConnectOptions) => string | undefined;
  /** The error that a message is answered with. */
  readonly refusePublish?: (subject: string) => string | undefined;
  /** Breaks the connection off when a message arrives. */
  readonly hangUp?: boolean;
  /** Insists on TLS with this certificate. */
  readonly tls?: SecureContextOptions;
  readonly onPublished?: (published: Published) => void;
}

export interface NatsServer {
  readonly port: number;
  /** `host:port` */
  readonly host: string;
  readonly published: readonly Published[];
  /** CONNECT lines, refused ones included. */
  readonly connects: readonly ConnectOptions[];
  /** The nonces that were handed out. */
  readonly nonces: readonly string[];
  /** Connections that are open now. */
  readonly open: () => number;
  close(): Promise<void>;
}

const MAX_PAYLOAD = 1024 * 1024;

export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const published: Published[] = [];
  const connects: ConnectOptions[] = [];
  const nonces: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', ignoreBrokenConnection);
    const nonce = randomBytes(11).toString('base64url');
    nonces.push(nonce);
    const onPublished = (message: Published): void => {
      published.push(message);
      options.onPublished?.(message);
    };
    serve(socket, { options, nonce, onConnect: (connect) => connects.push(connect), onPublished });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    host: `127.0.0.1:${port}`,
    published,
    connects,
    nonces,
    open: () => sockets.size,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

interface Session {
  readonly options: NatsServerOptions;
  readonly nonce: string;
  readonly onConnect: (connect: ConnectOptions) => void;
  readonly onPublished: (published: Published) => void;
}

function serve(socket: Socket, session: Session): void {
  const { options, nonce } = session;
  const info = {
    server_id: 'recording',
    server_name: 'recording',
    version: '2.9.10',
    proto: 1,
    headers: true,
    max_payload: MAX_PAYLOAD,
    nonce,
    ...(options.tls === undefined ? {} : { tls_required: true }),
    ...options.info,
  };
  socket.write(`INFO ${JSON.stringify(info)}\r\n`);
  if (options.tls === undefined) {
    listen(socket, session);
    return;
  }
  const secure = new TLSSocket(socket, { isServer: true, ...options.tls });
  secure.on('error', ignoreBrokenConnection);
  listen(secure, session);
}

function listen(socket: Socket, session: Session): void {
  let connect: ConnectOptions = {};
  const onCommand = (line: string, body: Buffer): void => {
    const [verb = '', subject = ''] = line.split(' ');
    if (verb === 'CONNECT') {
      connect = JSON.parse(line.slice(verb.length)) as ConnectOptions;
      session.onConnect(connect);
      const refusal = session.options.refuse?.(connect);
      if (refusal !== undefined) socket.end(`-ERR '${refusal}'\r\n`);
    } else if (verb === 'PING') socket.write('PONG\r\n');
    else if (verb === 'PUB') onPublish(subject, body);
  };
  const onPublish = (subject: string, body: Buffer): void => {
    if (session.options.hangUp === true) {
      socket.destroy();
      return;
    }
    const refusal = session.options.refusePublish?.(subject);
    if (refusal === undefined) session.onPublished({ subject, connect, body, isEncrypted: socket instanceof TLSSocket });
    else socket.write(`-ERR '${refusal}'\r\n`);
  };
  const parse = createParser(onCommand);
  socket.on('data', (chunk: Buffer) => parse(chunk));
}

/** Cuts the stream into lines, each with the bytes that a PUB announces. */
function createParser(onCommand: (line: string, body: Buffer) => void): (chunk: Buffer) => void {
  let buffered = Buffer.alloc(0);
  return (chunk) => {
    buffered = Buffer.concat([buffered, chunk]);
    for (let end = buffered.indexOf('\r\n'); end >= 0; end = buffered.indexOf('\r\n')) {
      const line = buffered.subarray(0, end).toString('utf8');
      const size = line.startsWith('PUB ') ? Number(line.split(' ').at(-1)) : -2;
      const start = end + 2;
      if (buffered.length < start + size + 2) return;
      onCommand(line, buffered.subarray(start, start + Math.max(size, 0)));
      buffered = buffered.subarray(start + size + 2);
    }
  };
}

function ignoreBrokenConnection(): void {
  // Publishers leave whenever they like.
}
