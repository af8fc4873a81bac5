// The NATS client on a connection that it did not open: no name is resolved by it, no server list is learnt, nothing is
// connected again, so it cannot leave the egress guard. Loaded when the first message is sent.
import type { Duplex } from 'node:stream';
import type * as transportNode from '@nats-io/transport-node';
import type * as nodeTransport from '@nats-io/transport-node/lib/node_transport.js';
import type { Line } from '../../internal/sdk/session.ts';
import type { Login } from './credentials.ts';

export type NatsClient = (typeof transportNode)['default'];

/** As Flux's connections are called in the server's monitoring. */
const CLIENT_NAME = 'NATS Provider Publisher';
/** Flux waits 2 s for a server; behind a proxy or far away that is little, and the attempt has a deadline of its own. */
const CONNECT_TIMEOUT_MS = 10_000;

export interface NatsLibrary {
  readonly client: NatsClient;
  readonly node: (typeof nodeTransport)['default'];
}

export async function loadLibrary(): Promise<NatsLibrary> {
  const [client, node] = await Promise.all([import('@nats-io/transport-node'), import('@nats-io/transport-node/lib/node_transport.js')]);
  // Both are CommonJS: a bundle knows nothing of their names but `default`, which Node has as well.
  return { client: client.default, node: node.default };
}

export interface SessionOptions {
  readonly line: Line;
  readonly login: Login;
  readonly requiresTls: boolean;
}

/** Logs in on the line; rejects with the library's errors. */
export function openSession(library: NatsLibrary, { line, login, requiresTls }: SessionOptions): Promise<transportNode.NatsConnection> {
  const { client } = library;
  // The library asks one factory per process for its transports; this one tells them apart by the line in the options.
  client.setTransportFactory({ factory: () => toTransport(library) });
  const options: LineOptions = {
    line,
    // Never connected to: the line is open already, and only messages of the library would show this.
    servers: 'server:4222',
    resolve: false,
    ignoreClusterUpdates: true,
    reconnect: false,
    name: CLIENT_NAME,
    authenticator: login as unknown as NonNullable<LineOptions['authenticator']>,
    timeout: CONNECT_TIMEOUT_MS,
    // null: TLS only where the server insists, as Flux does it; an object: nothing is said without TLS.
    tls: requiresTls ? {} : null,
  };
  return client.NatsConnectionImpl.connect(options);
}

type LineOptions = NonNullable<Parameters<NatsClient['connect']>[0]> & { readonly line: Line };

function toTransport({ client, node }: NatsLibrary): Transport {
  return new (class extends node.NodeTransport {
    override async dial(): Promise<Stream> {
      return (this.options as LineOptions).line.stream as Stream;
    }

    override async startTLS(): Promise<SecureStream> {
      return (await (this.options as LineOptions).line.startTls()) as SecureStream;
    }

    /** What the library cannot read it would print and then wait for more; here it ends the connection. */
    override async *iterate(): AsyncIterableIterator<Uint8Array> {
      const isReadable = createReader(client);
      for await (const chunk of super.iterate()) {
        if (!isReadable(chunk)) {
          this.socket.destroy();
          return;
        }
        yield chunk;
      }
    }
  })();
}

function createReader(client: NatsClient): (chunk: Uint8Array) => boolean {
  const parser = new client.Parser({
    push: (event) => {
      if (typeof event === 'function' || event.kind !== client.Kind.INFO) return;
      const { version } = JSON.parse(new TextDecoder().decode(event.data)) as { readonly version: string };
      client.parseSemVer(version);
    },
  });
  return (chunk) => {
    try {
      parser.parse(chunk);
      return true;
    } catch {
      // Not NATS is the answer.
      return false;
    }
  };
}

type Transport = nodeTransport.NodeTransport;
type Stream = Awaited<ReturnType<Transport['dial']>> & Duplex;
type SecureStream = Awaited<ReturnType<Transport['startTLS']>> & Duplex;
