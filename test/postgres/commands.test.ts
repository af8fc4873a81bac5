// The program's commands beside a server whose store is a database, and the same server as a bundle.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { startDatabaseProduct } from '../support/database-product.ts';
import { writeWebhooks } from '../support/flux-manifests.ts';
import { sendLikeFlux } from '../support/flux-sender.ts';
import { drained } from '../support/outcome.ts';
import { buildProgram } from '../support/pod.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { PROGRAM, type Product } from '../support/product.ts';
import { WebhookSink } from '../support/webhook-sink.ts';

const WITHIN_MS = 30_000;
const folder = mkdtempSync(join(tmpdir(), 'tocsin-database-commands-'));
const sink = new WebhookSink(() => ({ kind: 'answer', status: 200 }));
let database: PostgresServer;

before(async () => {
  database = await startPostgres();
  await sink.listen();
  writeWebhooks(join(folder, 'manifests'), [{ namespace: 'apps', address: `http://127.0.0.1:${sink.port}/hook` }]);
});
after(async () => {
  sink.close();
  await database?.remove();
  rmSync(folder, { recursive: true, force: true });
});

for (const { name, build } of [
  { name: 'the unbuilt program', build: () => PROGRAM },
  { name: 'the bundle', build: () => join(buildProgram(folder), 'tocsin.js') },
]) {
  test(`${name} serves, and its commands find the server by its store`, async () => {
    const program = build();
    const url = await database.createDatabase(name.replaceAll(' ', '_'));
    const product = await startDatabaseProduct({ directory: folder, name: name.replaceAll(' ', '-'), url, program });
    try {
      const { outcome } = await sendLikeFlux(product.addresses.events, { namespace: 'apps', name: 'web', message: 'm' });
      assert.ok(await drained(product, WITHIN_MS));
      const ask = (...words: readonly string[]): Promise<string> => tocsin(program, product, url, words);

      assert.equal(outcome, 'accepted');
      assert.match(await ask('deliveries'), /delivered.*Kustomization\/apps\/web|Kustomization\/apps\/web.*delivered/);
      assert.match(await ask('explain', 'Kustomization/apps/web'), /matched/);
      assert.match(await ask('events'), /Kustomization\/apps\/web/);
      assert.match(await ask('send', 'Kustomization/apps/web'), /delivered/);
      assert.match(await ask('backtest', '--alert', join(folder, 'manifests', 'apps.yaml')), /^Compared 2 events .*\n.*, 2 the same\.$/m);
      assert.match(await tocsin(program, product, '', ['deliveries'], { TOCSIN_STORE: url }), /Kustomization\/apps\/web/);
    } finally {
      await product.stop();
    }
  });
}

interface Said {
  readonly stdout: string;
}

async function tocsin(
  program: string,
  product: Product,
  url: string,
  words: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { host, port } = product.addresses.admin;
  const args = [program, ...words, '--admin-addr', `${host}:${port}`, ...(url === '' ? [] : ['--store', url])];
  const { stdout }: Said = await promisify(execFile)(process.execPath, args, {
    env: { PATH: process.env['PATH'] ?? '', HOME: join(folder, 'home'), TZ: 'UTC', ...env },
  });
  return stdout;
}
