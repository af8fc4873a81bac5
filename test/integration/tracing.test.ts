// A real server tells a collector of its events, and hands the trace on to webhooks.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { toEventBody } from '../support/flux-sender.ts';
import { startProduct } from '../support/product.ts';
import { untilReady } from '../support/ready.ts';
import { untilTrue } from '../support/until.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const EVENT = toEventBody({ namespace: 'apps', name: 'web', message: 'Applied revision: main' });

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly events: readonly unknown[];
}

test('an event is a span in the trace of its sender, and its webhook a child of that', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-tracing-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const webhookTraces: string[] = [];
  const spans: SentSpan[] = [];
  const sink = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.end('{}');
      if (request.url === '/hook') webhookTraces.push(String(request.headers['traceparent']));
      if (request.url !== '/v1/traces') return;
      const sent = JSON.parse(Buffer.concat(chunks).toString()) as { resourceSpans: { scopeSpans: { spans: SentSpan[] }[] }[] };
      spans.push(...sent.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
    });
  }).listen(0, '127.0.0.1');
  context.after(() => sink.close());
  await new Promise((resolve) => sink.once('listening', resolve));
  const { port } = sink.address() as AddressInfo;
  const manifests = join(folder, 'manifests');
  mkdirSync(manifests);
  writeFileSync(
    join(manifests, 'all.yaml'),
    `
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: { name: hook, namespace: apps }
spec: { type: generic, address: 'http://127.0.0.1:${port}/hook' }
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: { name: all, namespace: apps }
spec: { providerRef: { name: hook }, eventSources: [{ kind: Kustomization, name: '*' }] }
`,
  );
  const flags = ['--otlp-endpoint', `http://127.0.0.1:${port}`];
  const product = await startProduct({ manifests: [manifests], store: join(folder, 'outbox.db'), logFile: join(folder, 'log'), flags });
  await untilReady(product);
  const { host, port: events } = product.addresses.events;
  const headers = { traceparent: `00-${TRACE}-${PARENT}-01` };
  await fetch(`http://${host}:${events}`, { method: 'POST', headers, body: EVENT });
  await untilTrue(() => webhookTraces.length > 0, 'the webhook');
  // What is begun is finished, and what is finished is sent, on the way out.
  await product.stop();

  const [span] = spans;
  assert.equal(spans.length, 1);
  assert.deepEqual([span?.traceId, span?.parentSpanId, span?.events.length], [TRACE, PARENT, 1]);
  assert.deepEqual(webhookTraces, [`00-${TRACE}-${span?.spanId ?? ''}-01`]);
});
