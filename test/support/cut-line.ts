// A TCP line to a server that breaks right after a certain text went over it: what the text brought about, its sender never hears.
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { joinSockets } from './joined-sockets.ts';

/** Leads every connection to one port of this machine. */
export class CutLine {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #text: string | undefined;
  #cuts = 0;

  private constructor(target: number) {
    this.#server = createServer((client) => this.#lead(client, connect(target, '127.0.0.1')));
  }

  static async open(target: number): Promise<CutLine> {
    const line = new CutLine(target);
    await new Promise<void>((resolve) => line.#server.listen(0, '127.0.0.1', resolve));
    return line;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get cuts(): number {
    return this.#cuts;
  }

  /** Breaks the connection that next carries this text to the server, when the server has answered it. */
  cutAfter(text: string): void {
    this.#text = text;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #lead(client: Socket, upstream: Socket): void {
    let isCut = false;
    joinSockets(client, upstream, this.#sockets);
    client.on('data', (chunk) => {
      if (this.#text !== undefined && chunk.includes(this.#text)) {
        this.#text = undefined;
        this.#cuts += 1;
        isCut = true;
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (isCut) client.destroy();
      else client.write(chunk);
    });
  }
}
