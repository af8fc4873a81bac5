// What is said of an answer, or of a token, that cannot be one.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runHere } from '../test/support/command.ts';

describe('asking', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-admin-client-'));
  const store = join(folder, 'outbox.db');
  let stranger: Server;
  let address = '';
  before(async () => {
    stranger = createServer((_request, response) => response.end('{"items":[],"next":null}')).listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    address = `127.0.0.1:${(stranger.address() as AddressInfo).port}`;
  });
  after(() => {
    stranger.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('takes no other program for a server, though it answers in JSON', async () => {
    writeFileSync(`${store}.admin-token`, 'a-token\n');

    const { code, stdout, stderr } = await runHere('deliveries', '--store', `sqlite:${store}`, '--admin-addr', address);

    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' });
    assert.match(stderr, /what answers at 127\.0\.0\.1:\d+ is no admin API of Tocsin; name the server's --admin-addr\n$/);
  });

  for (const { name, text } of [
    { name: 'nothing', text: '\n' },
    { name: 'two lines', text: 'one\ntwo\n' },
    { name: 'letters that no header takes', text: 'schlüssel' },
  ]) {
    it(`with a token file that holds ${name} says so`, async () => {
      writeFileSync(`${store}.admin-token`, text);

      const { code, stderr } = await runHere('deliveries', '--store', `sqlite:${store}`, '--admin-addr', address);

      assert.equal(code, 1);
      assert.match(stderr, /outbox\.db\.admin-token holds no token; name the running server's store with --store/);
    });
  }

  it('refuses an address that is none before anything else', async () => {
    const { code, stderr } = await runHere('deliveries', '--admin-addr', 'nonsense');

    assert.equal(code, 2);
    assert.match(stderr, /argument 'nonsense' is invalid: write host:port or :port, such as 127\.0\.0\.1:9090\./);
  });
});
