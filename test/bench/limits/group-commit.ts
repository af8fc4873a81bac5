// The limit of storing: one row per event, one durable commit for everything that waits, and nothing else.
//
//   node group-commit.ts FILE SECONDS [RATE]     closed loop with 64 waiting, or RATE appends per second by the clock
import { randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../statistics.ts';

const IN_FLIGHT = 64;
const [file = '', seconds = '3', rate] = process.argv.slice(2);

const database = new DatabaseSync(file);
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE event (id BLOB PRIMARY KEY, body TEXT) WITHOUT ROWID;');
const insert = database.prepare('INSERT INTO event (id, body) VALUES (?, ?)');
const body = 'x'.repeat(750);
const waiting: (() => void)[] = [];
const latencies: number[] = [];

function append(): Promise<void> {
  const startedAtMs = performance.now();
  return new Promise((resolve) => {
    if (waiting.length === 0) setImmediate(commit);
    waiting.push(() => {
      latencies.push(performance.now() - startedAtMs);
      resolve();
    });
  });
}

function commit(): void {
  const batch = waiting.splice(0);
  database.exec('BEGIN IMMEDIATE');
  for (let index = 0; index < batch.length; index += 1) insert.run(randomBytes(16), body);
  database.exec('COMMIT');
  for (const resolve of batch) resolve();
}

async function closedLoop(untilMs: number): Promise<void> {
  const worker = async (): Promise<void> => {
    while (performance.now() < untilMs) await append();
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

async function byTheClock(perSecond: number, startMs: number, untilMs: number): Promise<void> {
  const appends: Promise<void>[] = [];
  while (performance.now() < untilMs) {
    const due = Math.floor(((performance.now() - startMs) / 1000) * perSecond);
    while (appends.length < due) appends.push(append());
    await sleep(1);
  }
  await Promise.all(appends);
}

const startMs = performance.now();
const untilMs = startMs + Number(seconds) * 1000;
if (rate === undefined) await closedLoop(untilMs);
else await byTheClock(Number(rate), startMs, untilMs);
const elapsedSeconds = (performance.now() - startMs) / 1000;
latencies.sort((a, b) => a - b);
database.close();
process.stdout.write(
  `${JSON.stringify({ perSecond: latencies.length / elapsedSeconds, p50Ms: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99) })}\n`,
);
