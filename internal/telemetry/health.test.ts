import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { ManualClock } from '../../test/support/clock.ts';
import { StoreError } from '../outbox/store.ts';
import { createHealthHandler, type HealthOptions, type RequestHandler } from './health.ts';
import { createMetricsHandler } from './metrics-handler.ts';

async function answers(handler: RequestHandler, paths: readonly string[]): Promise<readonly string[]> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    return await Promise.all(
      paths.map(async (path) => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`);
        return `${response.status} ${await response.text()}`;
      }),
    );
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const GOOD: HealthOptions['store'] = async () => ({ writable: true, persistent: true });

test('probes answer as those of a controller', async () => {
  const handler = createHealthHandler({ clock: new ManualClock(), store: GOOD, hasSnapshot: () => true });

  assert.deepEqual(
    await answers(handler, [
      '/healthz',
      '/readyz',
      '/healthz/ping',
      '/readyz/ping',
      '/healthz/',
      '/readyz?verbose',
      '/',
      '/readyz/other',
      '/metrics',
    ]),
    [
      '200 ok',
      '200 ok',
      '200 ok',
      '200 ok',
      '200 ok',
      '200 [+]ping ok\n[+]store ok\n[+]persistence ok\n[+]snapshot ok\nreadyz check passed\n',
      '404 404 page not found\n',
      '404 404 page not found\n',
      '404 404 page not found\n',
    ],
  );
});

test('ready means that the store can be written and that a Snapshot serves or was waited for', async () => {
  type Case = Partial<Pick<HealthOptions, 'store' | 'obstacle'>> & { name: string; hasSnapshot?: boolean; upMs?: number; want: RegExp };
  const cases: readonly Case[] = [
    { name: 'all good', want: /^200 .*readyz check passed/s },
    { name: 'no snapshot yet', hasSnapshot: false, upMs: 4999, want: /^503 .*\[-\]snapshot failed: no configuration/s },
    { name: 'no snapshot for 5 s', hasSnapshot: false, upMs: 5000, want: /^200 .*\[!\]snapshot warning: no configuration/s },
    {
      name: 'no snapshot, and why',
      hasSnapshot: false,
      obstacle: () => 'there is no such kind',
      want: /^503 .*failed: no configuration has been read yet: there is no such kind$/ms,
    },
    {
      name: 'disk full',
      store: async () => ({ writable: false, problem: 'disk full', persistent: true }),
      upMs: 60_000,
      want: /^503 .*\[-\]store failed: disk full/s,
    },
    {
      name: 'not persistent',
      store: async () => ({ writable: true, persistent: false }),
      want: /^200 .*\[!\]persistence warning: store is not on a persistent volume/s,
    },
    {
      name: 'database away',
      store: () => Promise.reject(new StoreError('busy', 'the database db:5432/tocsin cannot be reached')),
      want: /^503 .*\[-\]store failed: the database db:5432\/tocsin cannot be reached$/ms,
    },
    { name: 'store silent', store: () => Promise.reject(new Error('secret detail')), want: /^503 .*store does not answer(?!.*secret)/s },
  ];
  for (const { name, store = GOOD, hasSnapshot = true, obstacle = () => undefined, upMs = 0, want } of cases) {
    const clock = new ManualClock();
    const handler = createHealthHandler({ clock, store, hasSnapshot: () => hasSnapshot, obstacle });
    clock.advance(upMs);

    const [readyz = '', healthz] = await answers(handler, ['/readyz?verbose', '/healthz']);

    assert.match(readyz, want, name);
    assert.equal(healthz, '200 ok', name);
  }
});

test('a store that keeps silent is told of before a probe gives up', async () => {
  const clock = new ManualClock();
  const store = () => {
    clock.advance(900);
    return new Promise<never>(() => undefined);
  };
  const handler = createHealthHandler({ clock, store, hasSnapshot: () => true });

  const [readyz = ''] = await answers(handler, ['/readyz']);

  assert.match(readyz, /^503 .*\[-\]store failed: store does not answer$/ms);
});

test('metrics are served, and a failing scrape tells no details', async () => {
  const broken = new Registry();
  broken.metrics = () => Promise.reject(new Error('secret'));

  assert.match(
    (await answers(createMetricsHandler(new Registry()), ['/metrics?x=1', '/other'])).join('|'),
    /^200 \n?\|404 404 page not found/,
  );
  assert.deepEqual(await answers(createMetricsHandler(broken), ['/metrics']), ['500 metrics could not be collected\n']);
});
