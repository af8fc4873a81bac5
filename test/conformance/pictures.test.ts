// Every page of a chat shows what its messages look like. The pictures are made by test/pictures.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { catalog } from '../../internal/catalog/catalog.ts';
import { typeOfFile } from '../../internal/catalog/derive/provider-list.ts';

const root = join(import.meta.dirname, '../..');
const MAX_BYTES = 60_000;
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const LINK = /^!\[[^\]]{20,}\]\(([^)]+)\)$/gm;

/** A type that is still tried out need not have one. */
const chats = globSync('providers/*/*.provider.ts', { cwd: root }).filter((path) => {
  const definition = catalog.get(typeOfFile(path));
  return definition?.category === 'chat' && definition.stability === 'stable';
});

for (const path of chats) {
  test(`${typeOfFile(path)}: the page shows a message`, () => {
    const folder = join(root, dirname(path));
    const links = [...readFileSync(join(folder, 'README.md'), 'utf8').matchAll(LINK)].map(([, file = '']) => file);

    assert.ok(links.length > 0, 'node test/pictures/run.ts draws it');
    for (const link of links) {
      const picture = readFileSync(join(folder, link));
      assert.ok(picture.subarray(0, PNG.length).equals(PNG), link);
      assert.ok(picture.byteLength <= MAX_BYTES, `${link}: ${picture.byteLength} bytes`);
    }
  });
}

test('no picture lies about unseen', () => {
  const unseen = globSync('providers/*/*.png', { cwd: root }).filter((path) => {
    const page = readFileSync(join(root, dirname(path), 'README.md'), 'utf8');
    return !page.includes(`](${path.split('/').at(-1)})`);
  });

  assert.deepEqual(unseen, []);
  assert.ok(chats.length > 0);
});
