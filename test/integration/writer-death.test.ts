// The store's writer dies under a running server: the process says so once and ends, so that it is started again.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startProduct } from '../support/product.ts';
import { untilTrue } from '../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-death-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Loaded into every thread of the program; in the writer's it waits for a file and then throws. */
const SABOTAGE = `
import { existsSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
const { SABOTAGE_FILE: file } = process.env;
if (!isMainThread) setInterval(() => { if (existsSync(file)) throw new Error('something gave way'); }, 20);
`;

test('a server whose writer dies logs one error and ends with exit code 1', async () => {
  const manifests = join(folder, 'manifests');
  const sabotage = join(folder, 'sabotage.mjs');
  const trigger = join(folder, 'now');
  mkdirSync(manifests);
  writeFileSync(sabotage, SABOTAGE);
  const product = await startProduct({
    manifests: [manifests],
    store: join(folder, 'outbox.db'),
    logFile: join(folder, 'log'),
    env: { NODE_OPTIONS: `--import=${sabotage}`, SABOTAGE_FILE: trigger },
  });

  await untilTrue(() => product.log().includes('"serving"'), 'the end of the start');
  // The store answers in order, so whatever the start asked of it has been answered too.
  assert.equal((await product.admin('/api/v1/deliveries')).status, 200);

  writeFileSync(trigger, '');
  const exit = await product.exited;

  assert.deepEqual(exit, { code: 1, signal: null });
  const errors = product
    .log()
    .split('\n')
    .filter((line) => line.includes('"level":"error"'));
  assert.equal(errors.length, 1, product.log());
  assert.match(errors[0] ?? '', /the writer of the store failed: something gave way/);
  assert.match(errors[0] ?? '', /the store is lost to this process/);
});
