// Reads request bodies whole, within a cap for each and a budget for all that are being read at a time.
import type { IncomingMessage } from 'node:http';

/** What came of reading one body. */
export type ReadBody =
  | { readonly kind: 'body'; readonly body: Buffer }
  /** Larger than the cap; the rest was not read. */
  | { readonly kind: 'too-large' }
  /** All bodies together exceed the budget. */
  | { readonly kind: 'no-room' }
  /** The sender went away or broke the framing. */
  | { readonly kind: 'aborted' };

/** Reads bodies for one server. */
export class BodyReader {
  readonly #maxBytes: number;
  readonly #budgetBytes: number;
  #heldBytes = 0;

  constructor(limits: { readonly maxBytes: number; readonly budgetBytes: number }) {
    this.#maxBytes = limits.maxBytes;
    this.#budgetBytes = limits.budgetBytes;
  }

  /** True when the request says beforehand that its body exceeds the cap. */
  declaresTooMuch(request: IncomingMessage): boolean {
    const declared = request.headers['content-length'];
    return declared !== undefined && Number(declared) > this.#maxBytes;
  }

  /** Calls back once; a single body always has room. */
  read(request: IncomingMessage, onRead: (read: ReadBody) => void): void {
    if (this.declaresTooMuch(request)) return onRead({ kind: 'too-large' });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let isDone = false;
    const finish = (read: ReadBody): void => {
      if (isDone) return;
      isDone = true;
      this.#heldBytes -= bytes;
      chunks.length = 0;
      onRead(read);
    };
    request.on('data', (chunk: Buffer) => {
      if (isDone) return;
      const isAlone = this.#heldBytes === bytes;
      bytes += chunk.length;
      this.#heldBytes += chunk.length;
      chunks.push(chunk);
      if (bytes > this.#maxBytes) finish({ kind: 'too-large' });
      else if (this.#heldBytes > this.#budgetBytes && !isAlone) finish({ kind: 'no-room' });
    });
    request.on('end', () => finish({ kind: 'body', body: join(chunks, bytes) }));
    request.on('error', () => finish({ kind: 'aborted' }));
    request.on('close', () => finish({ kind: 'aborted' }));
  }
}

function join(chunks: readonly Buffer[], bytes: number): Buffer {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, bytes);
}
