// How many events a second PostgreSQL takes through the outbox, beside what the same server does with nothing but the events:
//
//   node test/postgres/bench.ts [EVENTS] [IN-FLIGHT]
//
// The bare way inserts as many rows as are in flight with one statement and commits, over and over, on one connection.
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { openPostgresOutbox } from '../../internal/outbox/postgres/outbox.ts';
import type { Outbox } from '../../internal/outbox/store.ts';
import { systemClock } from '../../cmd/system-clock.ts';
import { aDelivery, anAppend, anEvent, aSettlement, projectBody } from '../support/outbox.ts';
import { startPostgres } from '../support/postgres-server.ts';

const EVENTS = Number(process.argv[2] ?? 20_000);
const IN_FLIGHT = Number(process.argv[3] ?? 500);
const TARGETS = 20;
const MESSAGE = 'Reconciliation finished. '.repeat(40);
const LEASES = 500;
const LEASE_MS = 60_000;

const server = await startPostgres();
try {
  const bare = await measureBare(server.url());
  print('bare insert and commit', bare, bare);
  const schema = 'bench';
  const options = { url: server.url(), schema, project: projectBody, clock: systemClock, random: Math.random };
  const first = await openPostgresOutbox(options);
  print('append', await measureAppend(first), bare);
  print('lease and settle', await measureDrain([first]), bare);
  const second = await openPostgresOutbox(options);
  print('append, two replicas', await rate(() => Promise.all([appendAll(first, EVENTS / 2), appendAll(second, EVENTS / 2)])), bare);
  print('lease and settle, two replicas', await measureDrain([first, second]), bare);
  await Promise.all([first.close(), second.close()]);
} finally {
  await server.remove();
}

async function measureBare(url: string): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('CREATE TABLE bare (seq bigserial PRIMARY KEY, id text NOT NULL UNIQUE, body text NOT NULL)');
  const perSecond = await rate(async () => {
    for (let count = 0; count < EVENTS; count += IN_FLIGHT) {
      const events = Array.from({ length: IN_FLIGHT }, () => newEvent());
      await client.query('INSERT INTO bare (id, body) SELECT * FROM unnest($1::text[], $2::text[])', [
        events.map(({ id }) => id),
        events.map(({ body }) => body),
      ]);
    }
  });
  await client.end();
  return perSecond;
}

function measureAppend(outbox: Outbox): Promise<number> {
  return rate(() => appendAll(outbox, EVENTS));
}

/** As many callers as may be in flight, each with its next event as soon as the one before is stored. */
async function appendAll(outbox: Outbox, events: number): Promise<void> {
  let left = events;
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const delivery = aDelivery({
        target: `target${left % TARGETS}`,
        lane: `lane${left}`,
        limits: { concurrency: 50 },
        metadata: { revision: 'main@sha1:1' },
      });
      await outbox.append([anAppend(newEvent(), [delivery])]);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
}

/** Everything that is owed, leased and settled as a worker does that sends in no time. */
function measureDrain(outboxes: readonly Outbox[]): Promise<number> {
  let left = EVENTS;
  const end = new AbortController();
  const drain = async (outbox: Outbox): Promise<void> => {
    while (left > 0) {
      const leases = await outbox.lease({ owner: 'bench', limit: LEASES, leaseMs: LEASE_MS, waitMs: LEASE_MS, signal: end.signal });
      if (leases.length > 0) await outbox.settle(leases.map((lease) => aSettlement(lease)));
      left -= leases.length;
      if (left <= 0) end.abort();
    }
  };
  // Two at a time each, so that one is settled while the next is leased.
  return rate(() => Promise.all(outboxes.flatMap((outbox) => [drain(outbox), drain(outbox)])));
}

async function rate(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return (EVENTS * 1_000) / (performance.now() - startMs);
}

function newEvent(): ReturnType<typeof anEvent> {
  const id = randomUUID();
  return anEvent(id, { dedup: { key: id, windowMs: 300_000 }, said: { message: MESSAGE } });
}

function print(name: string, perSecond: number, bare: number): void {
  process.stdout.write(`${name.padEnd(32)} ${Math.round(perSecond).toString().padStart(7)}/s  ${(perSecond / bare).toFixed(2)} of bare\n`);
}
