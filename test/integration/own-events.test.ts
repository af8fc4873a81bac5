// What Tocsin tells of its own Providers reaches people through other Providers, and never through the one that fails.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { toEventBody } from '../support/flux-sender.ts';
import { askStats } from '../support/outcome.ts';
import { startProduct } from '../support/product.ts';
import { untilReady } from '../support/ready.ts';
import { untilTrue } from '../support/until.ts';

const EVENT = toEventBody({ namespace: 'apps', name: 'web', message: 'Applied revision: main' });

function provider(name: string, port: number): string {
  return `
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: { name: ${name}, namespace: apps }
spec: { type: generic, address: 'http://127.0.0.1:${port}/${name}' }
`;
}

function alert(name: string, target: string, kind: string): string {
  return `
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: { name: ${name}, namespace: apps }
spec: { providerRef: { name: ${target} }, eventSources: [{ kind: ${kind}, name: '*' }] }
`;
}

test('a dead letter is told through another Provider, once', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-own-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const arrived: { path: string; event: { reason: string; message: string; involvedObject: { kind: string; name: string } } }[] = [];
  const sink = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      arrived.push({ path: request.url ?? '', event: JSON.parse(Buffer.concat(chunks).toString()) as (typeof arrived)[0]['event'] });
      response.writeHead(400).end();
    });
  }).listen(0, '127.0.0.1');
  context.after(() => sink.close());
  await new Promise((resolve) => sink.once('listening', resolve));
  const { port } = sink.address() as AddressInfo;
  const manifests = join(folder, 'manifests');
  mkdirSync(manifests);
  // The other one refuses everything as well, so that its dead letter would be the next event.
  const fleet = [
    provider('broken', port),
    provider('other', port),
    alert('all', 'broken', 'Kustomization'),
    alert('watch', 'other', 'Provider'),
    alert('loop', 'broken', 'Provider'),
  ];
  writeFileSync(join(manifests, 'all.yaml'), fleet.join(''));
  const product = await startProduct({ manifests: [manifests], store: join(folder, 'outbox.db'), logFile: join(folder, 'log') });
  context.after(() => product.stop());
  await untilReady(product);

  const { host, port: events } = product.addresses.events;
  await fetch(`http://${host}:${events}`, { method: 'POST', body: EVENT });
  await untilTrue(async () => (await askStats(product)).states.dead === 2, 'the dead letter of each');
  // What is begun is finished on the way out.
  await product.stop();

  assert.deepEqual(
    arrived.map(({ path, event }) => `${path} ${event.involvedObject.kind}/${event.involvedObject.name} ${event.reason}`),
    ['/broken Kustomization/web ReconciliationSucceeded', '/other Provider/broken DeadLetter'],
  );
  assert.match(arrived[1]?.event.message ?? '', /a message about Kustomization\/apps\/web of Alert apps\/all was given up \(bad-request: /);
});
