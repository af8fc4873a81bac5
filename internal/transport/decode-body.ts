// Undoes the Content-Encoding of an answer. What comes out is capped like what came in, so that a small answer which unpacks
// to gigabytes costs no more than any other.
import { createBrotliDecompress, createGunzip, createInflate, constants } from 'node:zlib';
import type { Transform } from 'node:stream';

export interface Decoded {
  readonly body: Uint8Array;
  readonly truncated: boolean;
}

/** undefined where the encoding is unknown or the body is not what it says: the answer is then used as it came. */
export async function decodeBody(body: Uint8Array, encoding: string, maxBytes: number): Promise<Decoded | undefined> {
  const decoder = decoderOf(encoding.trim().toLowerCase());
  if (decoder === undefined) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  decoder.end(body);
  try {
    for await (const chunk of decoder as AsyncIterable<Buffer>) {
      const room = maxBytes - size;
      chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
      size += Math.min(chunk.length, room);
      if (chunk.length > room) return { body: Buffer.concat(chunks), truncated: true };
    }
  } catch {
    return undefined;
  } finally {
    decoder.destroy();
  }
  return { body: Buffer.concat(chunks), truncated: false };
}

function decoderOf(encoding: string): Transform | undefined {
  // An answer that was cut at the cap ends in the middle of its stream: what is there is wanted all the same.
  const options = { finishFlush: constants.Z_SYNC_FLUSH };
  if (encoding === 'gzip' || encoding === 'x-gzip') return createGunzip(options);
  if (encoding === 'deflate') return createInflate(options);
  return encoding === 'br' ? createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH }) : undefined;
}
