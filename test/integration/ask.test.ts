// Asking a running server: the commands are driven as processes, against real deliveries over HTTP.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { flagsToAsk, type Ran, runTocsin } from '../support/command.ts';
import { toEventBody } from '../support/flux-sender.ts';
import { type Product, startProduct } from '../support/product.ts';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-ask-'));
const manifests = join(folder, 'manifests');
const store = join(folder, 'outbox.db');
const CANARY = 'canary-token-8c1f';
let sink: Server;
let product: Product;
let eventId = '';
let onArrival: () => void = () => undefined;

before(async () => {
  sink = createServer((request, response) => {
    request.resume();
    response.statusCode = request.url === '/broken' ? 400 : 204;
    response.end(request.url === '/broken' ? `you sent ${request.headers.authorization ?? 'nothing'}` : undefined);
    if (request.url === '/fine') onArrival();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => sink.once('listening', resolve));
  mkdirSync(manifests);
  writeFileSync(join(manifests, 'all.yaml'), fleet((sink.address() as AddressInfo).port));
  product = await startProduct({ manifests: [manifests], store, logFile: join(folder, 'log') });
  const arrived = new Promise<void>((resolve) => {
    onArrival = resolve;
  });
  const { host, port } = product.addresses.events;
  const answer = await fetch(`http://${host}:${port}`, { method: 'POST', body: EVENT });
  eventId = answer.headers.get('tocsin-event') ?? '';
  assert.equal(answer.status, 202);
  await arrived;
});

after(async () => {
  await product.stop();
  sink.close();
  rmSync(folder, { recursive: true, force: true });
});

const EVENT = toEventBody({ namespace: 'apps', name: 'web', message: 'Applied revision: main' });

const alert = (name: string, target: string, rest: string): string => `
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: { name: ${name}, namespace: apps }
spec: { providerRef: { name: ${target} }, ${rest} }`;

function fleet(port: number): string {
  const provider = (name: string, path: string): string => `
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: { name: ${name}, namespace: apps }
spec: { type: generic, address: "http://127.0.0.1:${port}/${path}", secretRef: { name: headers } }`;
  const secret = `
---
apiVersion: v1
kind: Secret
metadata: { name: headers, namespace: apps }
stringData: { headers: "Authorization: Bearer ${CANARY}" }`;
  const source = 'eventSources: [{ kind: Kustomization, name: "*" }]';
  return [
    provider('fine', 'fine'),
    provider('broken', 'broken'),
    secret,
    alert('to-fine', 'fine', source),
    alert('to-broken', 'broken', source),
    alert('errors-only', 'fine', `eventSeverity: error, ${source}`),
    alert('elsewhere', 'fine', 'eventSources: [{ kind: Kustomization, name: "*", namespace: appz }]'),
  ].join('');
}

const tocsin = (...args: readonly string[]): Promise<Ran> => runTocsin(...args, ...flagsToAsk(product, store));

/** Asks until the rejected delivery has been settled; it is on its way when the other one has arrived. */
async function untilDead(): Promise<{ id: string }> {
  for (let asked = 0; asked < 50; asked += 1) {
    const { items } = JSON.parse((await tocsin('deliveries', '--state', 'dead', '--output', 'json')).stdout) as { items: { id: string }[] };
    if (items[0]) return items[0];
  }
  throw new Error('the rejected delivery never became a dead letter');
}

test('deliveries lists what was sent and what came back', async () => {
  const dead = await untilDead();
  const table = await tocsin('deliveries', '--since', '1h');
  const one = await tocsin('deliveries', dead.id);
  const none = await tocsin('deliveries', '--object', 'HelmRelease/apps/web');

  assert.match(table.stdout, /^ID +STATE +PROVIDER +TYPE +OBJECT +ALERT/);
  assert.match(table.stdout, /delivered +apps\/fine +generic +Kustomization\/apps\/web +apps\/to-fine/);
  assert.match(table.stdout, /dead +apps\/broken .* bad-request/);
  assert.match(one.stdout, /POST http:\/\/127\.0\.0\.1:\d+ -> 400 you sent \*\*\*\*\*/);
  assert.match(none.stdout, /No deliveries match/);
  assert.doesNotMatch(table.stdout + one.stdout, new RegExp(`\\u001b|${CANARY}`), 'no colour in a pipe, no secret anywhere');
});

test('explain says what every Alert made of the event', async () => {
  const { stdout, code } = await tocsin('explain', eventId);

  assert.equal(code, 0);
  assert.match(stdout, /matched +Alert apps\/to-fine/);
  assert.match(stdout, /matched +Alert apps\/to-broken/);
  assert.match(stdout, /dropped +Alert apps\/errors-only \(severity\)/);
  assert.match(stdout, /dropped +Alert apps\/elsewhere \(kind-or-namespace\): .*appz/);
  assert.match(stdout, /Deliveries:\n {2}[0-9a-f-]{36} +to generic/);
});

test('what is not there ends with exit code 1 and its reason on stderr', async () => {
  const { code, stdout, stderr } = await tocsin('explain', 'none');

  assert.deepEqual({ code, stdout }, { code: 1, stdout: '' });
  assert.match(stderr, /no event has the id none/);
});

test('nothing that the server wrote down holds the secret', async () => {
  const answers = await Promise.all(['/api/v1/events', '/api/v1/deliveries', '/api/v1/faults'].map((path) => product.admin(path)));

  assert.doesNotMatch(JSON.stringify(answers) + product.log(), new RegExp(CANARY));
});

test('metrics count what happened', async () => {
  const { host, port } = product.addresses.metrics;
  const text = await (await fetch(`http://${host}:${port}/metrics`)).text();

  assert.match(text, /gotk_event_http_request_duration_seconds_count\{[^}]*code="202"[^}]*\} 1/);
  assert.match(text, /tocsin_events_total\{dialect="flux",outcome="accepted"\} 1/);
  assert.match(text, /tocsin_deliveries_total\{type="generic",state="dead",reason="bad-request"\} 1/);
  assert.match(text, /tocsin_verdicts_total\{dialect="flux",verdict="dropped",reason="severity"\} 1/);
});
