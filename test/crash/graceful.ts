// SIGTERM while events are being delivered: everything in flight is finished, nothing is sent twice, nothing is lost.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Sent, sendLikeFlux } from '../support/flux-sender.ts';
import { writeWebhooks } from '../support/flux-manifests.ts';
import { findFreePort } from '../support/free-port.ts';
import { type Product, startProduct } from '../support/product.ts';
import { WebhookSink } from '../support/webhook-sink.ts';
import { byObject, countDuplicates, drained, isDelivered } from '../support/outcome.ts';
import type { CrashContext, CrashScenario } from './scenario.ts';

const ROUNDS = 5;
const EVENTS_PER_ROUND = 60;
/** The program's default grace period, and what the operating system may add. */
const GRACE_MS = 8_000 + 1_500;

export const graceful: CrashScenario = {
  name: 'graceful',
  promise: 'SIGTERM with a webhook faster than the grace period: exit 0 in time, zero duplicates, nothing lost',
  run: async (context) => {
    const sink = new WebhookSink(() => ({ kind: 'answer', status: 204, delayMs: 50 + context.random() * 250 }));
    await sink.listen();
    const port = await findFreePort();
    const manifests = join(context.directory, 'manifests');
    writeWebhooks(manifests, [{ namespace: 'apps', address: `http://127.0.0.1:${sink.port}/hook` }]);
    const start = (): Promise<Product> =>
      startProduct({
        program: context.program,
        manifests: [manifests],
        store: join(context.directory, 'tocsin.db'),
        logFile: join(context.directory, 'tocsin.log'),
        flags: ['--events-addr', `127.0.0.1:${port}`],
      });
    try {
      const sends: Promise<Sent>[] = [];
      for (let round = 0; round < ROUNDS; round += 1) await stopUnderLoad(context, await start(), { port, sends });
      for (let round = 0; round < ROUNDS; round += 1) await stopAtOnce(context, await start());
      const product = await start();
      const sent = await Promise.all(sends);
      if (!(await drained(product, 60_000))) context.fail('not drained within 60 s');
      await product.stop();
      judge(context, sink, sent);
    } finally {
      sink.close();
    }
  },
};

async function stopUnderLoad(
  context: CrashContext,
  product: Product,
  { port, sends }: { readonly port: number; readonly sends: Promise<Sent>[] },
): Promise<void> {
  for (let index = 0; index < EVENTS_PER_ROUND; index += 1) {
    const number = sends.length;
    sends.push(sendLikeFlux({ host: '127.0.0.1', port }, { namespace: 'apps', name: `app-${number}`, message: `message ${number}` }));
    await sleep(context.random() * 12);
  }
  const startedAtMs = performance.now();
  const exit = await product.stop(30_000);
  const tookMs = Math.round(performance.now() - startedAtMs);
  context.note(`stopped after ${tookMs} ms with ${JSON.stringify(exit)}`);
  if (exit.code !== 0) context.fail(`ended with ${JSON.stringify(exit)} instead of exit 0`);
  if (tookMs > GRACE_MS) context.fail(`took ${tookMs} ms, longer than the grace period`);
}

/** It takes events before all of it has started, so that it has to stop as well as later. */
async function stopAtOnce(context: CrashContext, product: Product): Promise<void> {
  const exit = await product.stop(30_000);
  if (exit.code !== 0) context.fail(`told to stop as soon as it listened it ended with ${JSON.stringify(exit)} instead of exit 0`);
}

function judge(context: CrashContext, sink: WebhookSink, sent: readonly Sent[]): void {
  const acknowledged = sent.filter(({ outcome }) => outcome !== 'given-up').length;
  const delivered = [...byObject(sink.requests).values()].filter((own) => own.some(isDelivered)).length;
  const { duplicates, changedIds } = countDuplicates(sink.requests);
  context.note(`${sent.length} events, ${acknowledged} acknowledged, ${delivered} delivered, ${duplicates} duplicates`);
  if (delivered < acknowledged) context.fail(`${acknowledged - delivered} acknowledged events were not delivered`);
  if (duplicates > 0) context.fail(`${duplicates} duplicates after SIGTERM`);
  if (changedIds.length > 0) context.fail(`${changedIds.length} repeated under another Tocsin-Delivery`);
}
