// The demo where it cannot run: it says why, ends, and leaves nothing behind.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runTocsin } from '../support/command.ts';

const CASES = [
  {
    name: 'a folder of events that is not there',
    args: ['--events', 'nowhere'],
    code: 1,
    says: /^tocsin: cannot read the events in nowhere: it does not exist\n$/,
  },
  {
    name: 'an address that is none',
    args: ['--events-addr', 'nonsense'],
    code: 2,
    says: /argument 'nonsense' is invalid: write host:port or :port/,
  },
] as const;

for (const { name, args, code, says } of CASES) {
  test(`the demo says what is wrong with ${name}`, async () => {
    const ran = await runTocsin('demo', ...args);

    assert.deepEqual([ran.code, ran.stdout], [code, '']);
    assert.match(ran.stderr, says);
  });
}
