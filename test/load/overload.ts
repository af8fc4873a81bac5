// Three times what it can take: it says so with 503, holds its memory, and delivers everything that it acknowledged.
import { join } from 'node:path';
import { hasGo, LoadGenerator } from '../support/load-generator.ts';
import { groupsOf, writeFleet } from '../support/many-alerts.ts';
import { watchUsage } from '../support/process-usage.ts';
import { startProduct } from '../support/product.ts';
import { untilReady } from '../support/ready.ts';
import type { LoadScenario } from './scenario.ts';

const FACTOR = 3;
const OVERLOAD_SECONDS = 30;
const MEMORY_LIMIT_MB = 400;
/** When senders of Flux give up; with the processor itself overloaded the queue in front of the program adds to its own 4 s. */
const ANSWER_WITHIN_MS = 5_000;
/** More than the program takes at a time, as when every event has a sender of its own. */
const STORM_CONNECTIONS = 2_000;
const FLEET = { alerts: 100, shape: 'spread' } as const;

export const overload: LoadScenario = {
  name: 'overload',
  promise: `${FACTOR} times the capacity for ${OVERLOAD_SECONDS} s: 503, never 429, under ${MEMORY_LIMIT_MB} MB, everything acknowledged is delivered`,
  run: async ({ directory, program, seconds, note, fail }) => {
    if (!hasGo()) {
      note('NOT RUN: the load generator needs Go');
      return;
    }
    const generator = await LoadGenerator.start();
    const manifests = join(directory, 'manifests');
    writeFleet(manifests, { ...FLEET, address: `http://127.0.0.1:${generator.sink.port}/hook` });
    const product = await startProduct({
      program,
      manifests: [manifests],
      store: join(directory, 'tocsin.db'),
      logFile: join(directory, 'tocsin.log'),
    });
    try {
      await untilReady(product);
      const spread = { target: product.addresses.events, groups: groupsOf(FLEET), objects: 300 };
      const calm = await generator.load({ ...spread, connections: 64, seconds: 4 });
      await generator.drain(calm.from, 20);
      const capacity = (await generator.drain(calm.from, 1)).deliveriesPerSecond;
      note(`capacity: ${calm.acksPerSecond.toFixed(0)} acks/s, ${capacity.toFixed(0)} deliveries/s`);

      const usage = watchUsage(product.pid, 200);
      const rate = Math.round(capacity * FACTOR);
      const storm = await generator.load({ ...spread, connections: STORM_CONNECTIONS, seconds: Math.min(seconds, OVERLOAD_SECONDS), rate });
      const after = await generator.drain(storm.from, 40);
      const peakMb = Math.max(0, ...usage.stop().map(({ rssMb }) => rssMb));
      note(
        `offered ${rate}/s, sent ${(storm.sent / storm.seconds).toFixed(0)}/s: ${JSON.stringify(storm.statuses)}, p99 ${storm.ackP99Ms.toFixed(0)} ms after it was due`,
      );
      note(`${after.accepted} acknowledged, ${after.missing} missing, ${after.duplicates} duplicates, at most ${peakMb} MB`);
      const other = Object.keys(storm.statuses).filter((status) => status !== '202' && status !== '503');
      if (other.length > 0) fail(`answers other than 202 and 503: ${other.join(', ')} (0 is none within 5 s)`);
      if ((storm.statuses['503'] ?? 0) === 0) fail('nothing was refused, so this was no overload');
      if (after.missing > 0) fail(`${after.missing} acknowledged events are lost`);
      if (after.duplicates > 0) fail(`${after.duplicates} duplicates`);
      if (storm.slowestAnswerMs > ANSWER_WITHIN_MS) fail(`an answer took ${storm.slowestAnswerMs.toFixed(0)} ms`);
      if (peakMb >= MEMORY_LIMIT_MB) fail(`${peakMb} MB`);
      if (product.hasExited()) fail(`the program ended: ${JSON.stringify(await product.exited)}`);
    } finally {
      await product.stop();
      generator.close();
    }
  },
};
