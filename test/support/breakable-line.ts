// A TCP line to a server that can be broken in the two ways in which lines break: reset, or silent for ever.
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { joinSockets } from './joined-sockets.ts';

/** Leads every connection to one port of this machine. */
export class BreakableLine {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #opened = 0;

  private constructor(target: number) {
    this.#server = createServer((client) => {
      this.#opened++;
      const upstream = connect(target, '127.0.0.1');
      joinSockets(client, upstream, this.#sockets);
      client.pipe(upstream).pipe(client);
    });
  }

  static async open(target: number): Promise<BreakableLine> {
    const line = new BreakableLine(target);
    await new Promise<void>((resolve) => line.#server.listen(0, '127.0.0.1', resolve));
    return line;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many connections were ever opened. */
  get connections(): number {
    return this.#opened;
  }

  /** Breaks every connection there is now. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Leaves every connection there is now open, and carries nothing over it any more. */
  silence(): void {
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  async close(): Promise<void> {
    this.reset();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
