// The engine with the real store, the real transport and real sockets; only time is moved by hand.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { BlockList } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ManualClock } from '../../test/support/clock.ts';
import { toDefinition, toLease, toResolved, toTarget } from '../../test/support/deliveries.ts';
import { createHarness } from '../../test/support/engine.ts';
import { type Answer, type RecordingServer, startRecordingServer } from '../../test/support/servers.ts';
import { settleDown, until } from '../../test/support/until.ts';
import { newId } from '../event/id.ts';
import type { Append, Outbox } from '../outbox/store.ts';
import { openSqliteOutbox } from '../outbox/sqlite/outbox.ts';
import { createTransport } from '../transport/transport.ts';
import type { DeliveryEngine } from './engine.ts';

const DEFINITION = toDefinition({
  render: ({ config, deliveryId, event }) => [
    { method: 'POST', url: config.address, headers: [['Tocsin-Delivery', deliveryId]], body: event.message },
  ],
});

interface Setup {
  readonly outbox: Outbox;
  readonly clock: ManualClock;
  readonly sink: RecordingServer;
  readonly start: () => DeliveryEngine;
  readonly states: () => Promise<Readonly<Record<string, number>>>;
}

async function withStore(answer: Answer, act: (setup: Setup) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-deliver-'));
  const clock = new ManualClock();
  const { flux } = toLease('x').event;
  const outbox = await openSqliteOutbox({ path: join(folder, 'store.db'), project: () => flux, clock, random: () => 0.5, reserveBytes: 0 });
  const sink = await startRecordingServer({ answer });
  const noRules = { names: new Set<string>(), suffixes: [], networks: new BlockList() };
  const transport = createTransport({
    environment: {},
    egress: { deny: noRules, allow: noRules, denyLoopback: false },
    ownListeners: () => [],
    clock,
  });
  const start = (): DeliveryEngine => {
    const { engine } = createHarness({
      outbox,
      clock,
      transport,
      targets: [toTarget(DEFINITION)],
      resolve: async () => toResolved({ address: `http://${sink.host}/` }),
    });
    engine.start();
    return engine;
  };
  try {
    await act({ outbox, clock, sink, start, states: async () => (await outbox.stats()).states });
  } finally {
    await transport.close();
    await sink.close();
    await outbox.close();
    await rm(folder, { recursive: true });
  }
}

function toAppend(number: number, nowMs: number): Append {
  const { event, delivery } = toLease('template');
  const { route, target, type, destination, metadata } = delivery;
  return {
    event: { ...event, id: newId(nowMs) },
    verdicts: [],
    deliveries: [
      {
        route,
        target,
        type,
        destination,
        metadata,
        lane: { key: `lane-${number}`, policy: 'ordered', backlog: 'all' },
        policy: { concurrency: 8 },
      },
    ],
    revision: '1',
  };
}

function appends(count: number, clock: ManualClock): readonly Append[] {
  return Array.from({ length: count }, (_, number) => toAppend(number, clock.nowMs()));
}

function deliveryIds(sink: RecordingServer): readonly string[] {
  return sink.requests.map((request) => String(request.headers['tocsin-delivery']));
}

test('everything accepted is delivered once', async () => {
  await withStore(
    (_request, response) => response.writeHead(204).end(),
    async ({ outbox, clock, sink, start, states }) => {
      const engine = start();
      await outbox.append(appends(300, clock));
      await until(() => sink.requests.length >= 300, '300 requests');
      await engine.drain(8000);

      assert.equal(new Set(deliveryIds(sink)).size, 300);
      assert.equal(sink.requests.length, 300);
      assert.ok(sink.connections() <= 8, `${sink.connections()} connections`);
      assert.equal((await states())['delivered'], 300);
    },
  );
});

test('what failed is tried again with the same delivery id, through breaker and schedule', async () => {
  let isDown = true;
  await withStore(
    (_request, response) => response.writeHead(isDown ? 500 : 204).end(),
    async ({ outbox, clock, sink, start, states }) => {
      const engine = start();
      await outbox.append(appends(20, clock));
      await until(() => sink.requests.length >= 5, 'first failures');
      isDown = false;
      for (let minute = 0; minute < 40 && (await states())['delivered'] !== 20; minute++) {
        clock.advance(15_000);
        await outbox.maintain();
        await settleDown(50);
      }
      await engine.drain(8000);

      assert.equal((await states())['delivered'], 20);
      assert.equal(new Set(deliveryIds(sink)).size, 20);
    },
  );
});

test('a shutdown that waits for its sends repeats none of them', async () => {
  const held: (() => void)[] = [];
  let isHolding = true;
  await withStore(
    (_request, response) => {
      const answer = (): void => {
        response.writeHead(204).end();
      };
      if (isHolding) held.push(answer);
      else answer();
    },
    async ({ outbox, clock, sink, start, states }) => {
      const first = start();
      await outbox.append(appends(40, clock));
      await until(() => held.length === 8, 'the sends that the limit allows');
      const drained = first.drain(8000);
      isHolding = false;
      for (const answer of held) answer();
      await drained;
      assert.equal(sink.requests.length, 8);
      assert.deepEqual([(await states())['delivered'], (await states())['leased']], [8, 0]);

      const second = start();
      await until(() => sink.requests.length >= 40, 'the rest');
      await second.drain(8000);

      assert.equal(sink.requests.length, 40);
      assert.equal(new Set(deliveryIds(sink)).size, 40);
      assert.equal((await states())['delivered'], 40);
    },
  );
});
