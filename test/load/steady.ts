// An ordinary day of a large installation: sockets stay at the Target's concurrency limit, memory stays flat.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sendHttp } from '../support/http-sender.ts';
import { toEventBody } from '../support/flux-sender.ts';
import { writeWebhooks } from '../support/flux-manifests.ts';
import { drained, byObject, isDelivered } from '../support/outcome.ts';
import { watchUsage } from '../support/process-usage.ts';
import { type Product, startProduct } from '../support/product.ts';
import { untilReady } from '../support/ready.ts';
import { WebhookSink } from '../support/webhook-sink.ts';
import type { LoadScenario } from './scenario.ts';

const RATE = 300;
/** The default concurrency limit of a Target. */
const CONCURRENCY = 8;
/** What the second half of the run may use more than the first, on average: caches fill, a leak does not stop. */
const GROWTH_MB = 40;

export const steady: LoadScenario = {
  name: 'steady',
  promise: `${RATE} events/s to a webhook that answers 204: sockets at the concurrency limit, memory flat`,
  run: async ({ directory, program, seconds, note, fail }) => {
    const sink = new WebhookSink(() => ({ kind: 'answer', status: 204 }));
    await sink.listen();
    const manifests = join(directory, 'manifests');
    writeWebhooks(manifests, [{ namespace: 'apps', address: `http://127.0.0.1:${sink.port}/hook` }]);
    const product = await startProduct({
      program,
      manifests: [manifests],
      store: join(directory, 'tocsin.db'),
      logFile: join(directory, 'tocsin.log'),
    });
    try {
      await untilReady(product);
      const usage = watchUsage(product.pid, 500);
      const accepted = await sendSteadily(product, seconds);
      const samples = usage.stop();
      if (!(await drained(product, 30_000))) fail('not drained within 30 s');
      const delivered = [...byObject(sink.requests).values()].filter((own) => own.some(isDelivered)).length;
      note(
        `${RATE * seconds} sent, ${accepted} accepted, ${delivered} delivered, at most ${sink.peakConnections} connections at the webhook`,
      );
      if (accepted < RATE * seconds) fail(`${RATE * seconds - accepted} events were not accepted`);
      if (delivered < accepted) fail(`${accepted - delivered} accepted events are lost`);
      if (sink.peakConnections > CONCURRENCY) fail(`${sink.peakConnections} connections, the limit is ${CONCURRENCY}`);
      const memory = samples.map(({ rssMb }) => rssMb);
      const first = average(memory.slice(Math.floor(memory.length / 6), Math.floor(memory.length / 2)));
      const second = average(memory.slice(Math.floor(memory.length / 2)));
      note(`memory ${first.toFixed(0)} MB in the first half, ${second.toFixed(0)} MB in the second, at most ${Math.max(...memory)} MB`);
      if (second - first > GROWTH_MB) fail(`memory grew by ${(second - first).toFixed(0)} MB`);
    } finally {
      await product.stop();
      sink.close();
    }
  },
};

async function sendSteadily(product: Product, seconds: number): Promise<number> {
  const startedAtMs = performance.now();
  const answers: Promise<number>[] = [];
  for (let number = 0; number < RATE * seconds; number += 1) {
    const waitMs = startedAtMs + (number * 1000) / RATE - performance.now();
    if (waitMs > 1) await sleep(waitMs);
    const body = toEventBody({ namespace: 'apps', name: `app-${number}`, message: `message ${number}` });
    const sending = sendHttp({ to: product.addresses.events, method: 'POST', path: '/', headers: {}, body, timeoutMs: 5_000 });
    answers.push(sending.then(({ status }) => status).catch(() => 0));
  }
  const statuses = await Promise.all(answers);
  return statuses.filter((status) => status === 202).length;
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
