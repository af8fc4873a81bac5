// A webhook that misbehaves on demand and remembers everything that reached it.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What to do with one request. */
export type Behaviour =
  | { readonly kind: 'answer'; readonly status: number; readonly delayMs?: number; readonly headers?: Readonly<Record<string, string>> }
  /** Reads the request and breaks the connection. */
  | { readonly kind: 'reset' }
  /** Reads the request and never answers. */
  | { readonly kind: 'hang' };

export interface SinkRequest {
  readonly path: string;
  readonly body: string;
  /** Value of `Tocsin-Delivery`. */
  readonly delivery: string;
  readonly atMs: number;
  /** The status that was answered; undefined while there is none, and for ever when there never was one. */
  status: number | undefined;
}

export class WebhookSink {
  readonly requests: SinkRequest[] = [];
  /** Open connections now, and the most there ever were. */
  connections = 0;
  peakConnections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #behave: (request: SinkRequest) => Behaviour;

  constructor(behave: (request: SinkRequest) => Behaviour) {
    this.#behave = behave;
    this.#server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => void this.#onRequest(request, response));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      this.connections += 1;
      this.peakConnections = Math.max(this.peakConnections, this.connections);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        this.connections -= 1;
      });
    });
  }

  listen(port = 0): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', resolve);
    });
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      // The sender was killed in the middle of the body: nothing complete arrived.
      return;
    }
    const recorded: SinkRequest = {
      path: request.url ?? '',
      body: Buffer.concat(chunks).toString('utf8'),
      delivery: String(request.headers['tocsin-delivery'] ?? ''),
      atMs: Date.now(),
      status: undefined,
    };
    this.requests.push(recorded);
    this.#respond(recorded, this.#behave(recorded), response);
  }

  #respond(recorded: SinkRequest, behaviour: Behaviour, response: ServerResponse): void {
    if (behaviour.kind === 'hang') return;
    if (behaviour.kind === 'reset') {
      response.socket?.resetAndDestroy();
      return;
    }
    const answer = (): void => {
      if (response.destroyed) return;
      recorded.status = behaviour.status;
      response.writeHead(behaviour.status, { 'Content-Length': '0', ...behaviour.headers }).end();
    };
    if (behaviour.delayMs === undefined) answer();
    else setTimeout(answer, behaviour.delayMs).unref();
  }
}
