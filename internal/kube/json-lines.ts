// JSON values, one a line, from a body that arrives in chunks of any size.

const LINE_FEED = 10;
/** Objects end at about 2 MiB; something longer is no watch. */
const MAX_LINE_BYTES = 32 * 1024 * 1024;

/** Yields the values that each chunk completes, all at once; rejects on what is no JSON. */
export async function* readJsonLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly unknown[]> {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(LINE_FEED);
    if (end === -1) {
      begun.push(chunk);
      begunBytes += chunk.length;
      if (begunBytes > MAX_LINE_BYTES) throw new SyntaxError(`a line of more than ${MAX_LINE_BYTES} bytes`);
      continue;
    }
    const complete = Buffer.concat([...begun, chunk.subarray(0, end)]).toString();
    begun = [chunk.subarray(end + 1)];
    begunBytes = begun[0]?.length ?? 0;
    yield complete
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => JSON.parse(line) as unknown);
  }
}
