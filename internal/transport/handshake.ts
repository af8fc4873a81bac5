// Reads the few bytes that a proxy says before the tunnel opens, and not one byte more: the rest belongs to the tunnel.
import type { Socket } from 'node:net';
import { TransportError } from '../sdk/http.ts';

const MAX_HANDSHAKE_BYTES = 16 * 1024;

export interface HandshakeStream {
  write(bytes: Buffer | string): void;
  readExactly(length: number): Promise<Buffer>;
  /** Everything up to and including the marker. */
  readThrough(marker: string): Promise<Buffer>;
}

/** Runs the dialogue on the socket; afterwards the socket is as if it had just been opened. */
export async function handshake(socket: Socket, dialogue: (stream: HandshakeStream) => Promise<void>): Promise<void> {
  let buffered = Buffer.alloc(0);
  let failure: Error | undefined;
  let wake: (() => void) | undefined;

  const onReadable = (): void => {
    for (let chunk: Buffer | null = socket.read(); chunk !== null; chunk = socket.read()) buffered = Buffer.concat([buffered, chunk]);
    wake?.();
  };
  const fail = (error: Error): void => {
    failure ??= error;
    wake?.();
  };
  const onEnd = (): void => fail(new TransportError('network', 'the proxy closed the connection'));

  const take = async (length: () => number | undefined): Promise<Buffer> => {
    for (;;) {
      const end = length();
      if (end !== undefined) {
        const taken = buffered.subarray(0, end);
        buffered = buffered.subarray(end);
        return taken;
      }
      if (failure !== undefined) throw failure;
      if (buffered.length > MAX_HANDSHAKE_BYTES) throw new TransportError('network', 'the answer of the proxy is too long');
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };

  socket.on('readable', onReadable).on('error', fail).on('end', onEnd).on('close', onEnd);
  try {
    await dialogue({
      write: (bytes) => socket.write(bytes),
      readExactly: (count) => take(() => (buffered.length >= count ? count : undefined)),
      readThrough: (marker) =>
        take(() => {
          const at = buffered.indexOf(marker);
          return at < 0 ? undefined : at + Buffer.byteLength(marker);
        }),
    });
    if (buffered.length > 0) socket.unshift(buffered);
  } finally {
    socket.off('readable', onReadable).off('error', fail).off('end', onEnd).off('close', onEnd);
  }
}
