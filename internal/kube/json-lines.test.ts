import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../test/support/random.ts';
import { readJsonLines } from './json-lines.ts';

async function read(chunks: readonly (string | Buffer)[]): Promise<unknown[]> {
  const values: unknown[] = [];
  const stream = (async function* () {
    for (const chunk of chunks) yield Buffer.from(chunk);
  })();
  for await (const batch of readJsonLines(stream)) values.push(...batch);
  return values;
}

test('values are read however they are cut into chunks', async () => {
  const values = Array.from({ length: 40 }, (_, number) => ({ number, text: 'ä€😀'.repeat(number % 7) }));
  const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  const random = createRandom(7);
  for (let round = 0; round < 50; round++) {
    const chunks: Buffer[] = [];
    for (let start = 0; start < bytes.length; ) {
      const end = start + 1 + Math.floor(random() * (round < 25 ? 5 : 300));
      chunks.push(bytes.subarray(start, end));
      start = end;
    }
    assert.deepEqual(await read(chunks), values, `round ${round}`);
  }
});

test('ends of lines of either kind, empty lines and what is cut off are no values', async () => {
  assert.deepEqual(await read(['{"a":1}\r\n\n\r\n{"b":', '2}\n{"c":3}']), [{ a: 1 }, { b: 2 }]);
});

test('what is no JSON is an error', async () => {
  await assert.rejects(read(['<html>\n']), SyntaxError);
});

test('a line that never ends is an error', async () => {
  const megabyte = Buffer.alloc(1024 * 1024, 'x');
  await assert.rejects(read(Array.from({ length: 33 }, () => megabyte)), /a line of more than 33554432 bytes/);
});
