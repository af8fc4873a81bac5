// One store, two processes: the second waits, takes over when the first is gone, and says who holds it when it gives up.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sendLikeFlux } from '../support/flux-sender.ts';
import { writeWebhooks } from '../support/flux-manifests.ts';
import { type Product, startProduct } from '../support/product.ts';
import { WebhookSink } from '../support/webhook-sink.ts';
import { drained } from '../support/outcome.ts';
import type { CrashContext, CrashScenario } from './scenario.ts';

const GIVES_UP_AFTER_MS = 60_000;

export const twoProcesses: CrashScenario = {
  name: 'two-processes',
  promise: 'a second process waits for the store, takes it over, or says after 60 s who holds it',
  run: async (context) => {
    const sink = new WebhookSink(() => ({ kind: 'answer', status: 200 }));
    await sink.listen();
    const manifests = join(context.directory, 'manifests');
    writeWebhooks(manifests, [{ namespace: 'apps', address: `http://127.0.0.1:${sink.port}/hook` }]);
    const start = (log: string): Promise<Product> =>
      startProduct({
        program: context.program,
        manifests: [manifests],
        store: join(context.directory, 'tocsin.db'),
        logFile: join(context.directory, log),
        startWithinMs: GIVES_UP_AFTER_MS + 30_000,
      });
    try {
      const first = await start('first.log');
      await expectGivesUp(context, first, () => start('second.log'));
      await expectTakesOver(context, first, () => start('third.log'));
      if (sink.requests.length < 1) context.fail('the process that took over delivers nothing');
    } finally {
      sink.close();
    }
  },
};

async function expectGivesUp(context: CrashContext, first: Product, start: () => Promise<Product>): Promise<void> {
  const startedAtMs = Date.now();
  try {
    const second = await start();
    context.fail('a second process opened the store');
    await second.stop();
  } catch (error) {
    const waitedSeconds = Math.round((Date.now() - startedAtMs) / 1000);
    context.note(`the second gave up after ${waitedSeconds} s`);
    if (waitedSeconds < 50 || waitedSeconds > 80) context.fail(`it should wait for 60 s, not ${waitedSeconds}`);
    if (!String(error).includes(String(first.pid)))
      context.fail(`it does not say who holds the store (process ${first.pid}): ${String(error)}`);
  }
}

async function expectTakesOver(context: CrashContext, first: Product, start: () => Promise<Product>): Promise<void> {
  let third: Product | undefined;
  const starting = start().then((started) => (third = started));
  await sleep(2_000);
  if (third !== undefined) context.fail('a second process listens while the first holds the store');
  await first.stop();
  const stoppedAtMs = Date.now();
  const product = await starting;
  context.note(`another took over ${Date.now() - stoppedAtMs} ms after the first ended`);
  const sent = await sendLikeFlux(product.addresses.events, { namespace: 'apps', name: 'app', message: 'after the take-over' });
  if (sent.outcome !== 'accepted') context.fail(`the event after the take-over: ${JSON.stringify(sent)}`);
  if (!(await drained(product, 10_000))) context.fail('not drained after the take-over');
  await product.stop();
}
