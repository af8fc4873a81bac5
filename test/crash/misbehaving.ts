// Webhooks that are down, that limit, that hang and that break connections; each beside a healthy one.
import { join } from 'node:path';
import { sendLikeFlux } from '../support/flux-sender.ts';
import { writeWebhooks } from '../support/flux-manifests.ts';
import { findFreePort } from '../support/free-port.ts';
import { type Product, startProduct } from '../support/product.ts';
import { type Behaviour, type SinkRequest, WebhookSink } from '../support/webhook-sink.ts';
import { byObject, countDuplicates, drained, isDelivered, until } from '../support/outcome.ts';
import type { CrashContext, CrashScenario } from './scenario.ts';

const FINE: Behaviour = { kind: 'answer', status: 200 };

interface Pair {
  readonly context: CrashContext;
  readonly product: Product;
  readonly bad: WebhookSink;
  readonly good: WebhookSink;
}

interface PairOptions {
  readonly behave: (request: SinkRequest) => Behaviour;
  /** Where the bad webhook is said to be; absent = where it listens. */
  readonly badPort?: number;
}

/** A product with one misbehaving and one healthy webhook, in the namespaces `bad` and `good`. */
async function withPair(context: CrashContext, options: PairOptions, run: (pair: Pair) => Promise<void>): Promise<void> {
  const bad = new WebhookSink(options.behave);
  const good = new WebhookSink(() => FINE);
  if (options.badPort === undefined) await bad.listen();
  await good.listen();
  const manifests = join(context.directory, 'manifests');
  writeWebhooks(manifests, [
    { namespace: 'bad', address: `http://127.0.0.1:${options.badPort ?? bad.port}/hook`, timeout: '1s' },
    { namespace: 'good', address: `http://127.0.0.1:${good.port}/hook` },
  ]);
  const product = await startProduct({
    program: context.program,
    manifests: [manifests],
    store: join(context.directory, 'tocsin.db'),
    logFile: join(context.directory, 'tocsin.log'),
  });
  try {
    await run({ context, product, bad, good });
  } finally {
    await product.stop();
    bad.close();
    good.close();
  }
}

async function send(pair: Pair, namespace: string, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, index) => ({ namespace, name: `app-${index}`, message: `message ${index}` }));
  const sent = await Promise.all(events.map((event) => sendLikeFlux(pair.product.addresses.events, event)));
  const refused = sent.filter(({ outcome }) => outcome !== 'accepted');
  if (refused.length > 0) pair.context.fail(`${refused.length} of ${count} events were not accepted: ${JSON.stringify(refused[0])}`);
}

/** The healthy webhook must not notice that another one is in trouble. */
async function expectGoodUnharmed(pair: Pair): Promise<void> {
  const sentAtMs = Date.now();
  await send(pair, 'good', 50);
  const arrived = await until(() => pair.good.requests.length >= 50, 5_000);
  const lastMs = Math.max(0, ...pair.good.requests.map(({ atMs }) => atMs - sentAtMs));
  pair.context.note(`the healthy webhook got ${pair.good.requests.length} of 50, the last one after ${lastMs} ms`);
  if (!arrived || lastMs > 2_000) pair.context.fail('the healthy webhook was delayed by the other one');
}

async function expectAllDelivered(pair: Pair, count: number, withinMs: number): Promise<void> {
  const startedAtMs = Date.now();
  if (!(await drained(pair.product, withinMs))) pair.context.fail(`not drained within ${withinMs / 1000} s`);
  const delivered = [...byObject(pair.bad.requests).values()].filter((own) => own.some(isDelivered)).length;
  const { duplicates, changedIds } = countDuplicates(pair.bad.requests);
  const tookSeconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
  pair.context.note(
    `${delivered} of ${count} delivered after ${tookSeconds} s, ${duplicates} duplicates, ${pair.bad.requests.length} requests`,
  );
  if (delivered < count) pair.context.fail(`${count - delivered} acknowledged events were not delivered`);
  if (duplicates > 0) pair.context.fail(`${duplicates} duplicates`);
  if (changedIds.length > 0) pair.context.fail(`${changedIds.length} repeated under another Tocsin-Delivery`);
}

export const down: CrashScenario = {
  name: 'down',
  promise: 'a webhook that nothing listens at gets everything once it is back',
  run: async (context) => {
    const badPort = await findFreePort();
    await withPair(context, { behave: () => FINE, badPort }, async (pair) => {
      await send(pair, 'bad', 40);
      await expectGoodUnharmed(pair);
      await pair.bad.listen(badPort);
      await expectAllDelivered(pair, 40, 60_000);
    });
  },
};

const RETRY_AFTER_SECONDS = 2;

export const limited: CrashScenario = {
  name: 'limited',
  promise: '429 with Retry-After is obeyed: nothing comes sooner, everything comes later',
  run: async (context) => {
    const limitedUntilMs = Date.now() + 6_000;
    const isLimited = (): boolean => Date.now() < limitedUntilMs;
    const behave = (): Behaviour =>
      isLimited() ? { kind: 'answer', status: 429, headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) } } : FINE;
    await withPair(context, { behave }, async (pair) => {
      await send(pair, 'bad', 30);
      await expectGoodUnharmed(pair);
      await expectAllDelivered(pair, 30, 60_000);
      const hurried = [...byObject(pair.bad.requests).values()].filter(hasHurried).length;
      if (hurried > 0) context.fail(`${hurried} were repeated before the ${RETRY_AFTER_SECONDS} s that were asked for`);
    });
  },
};

function hasHurried(own: readonly SinkRequest[]): boolean {
  return own.some((request, index) => {
    const before = own[index - 1];
    return before?.status === 429 && request.atMs - before.atMs < RETRY_AFTER_SECONDS * 1000 - 50;
  });
}

export const hanging: CrashScenario = {
  name: 'hanging',
  promise: 'a webhook that never answers costs its time-out and delays nobody else',
  run: async (context) => {
    const hangsUntilMs = Date.now() + 5_000;
    const behave = (): Behaviour => (Date.now() < hangsUntilMs ? { kind: 'hang' } : FINE);
    await withPair(context, { behave }, async (pair) => {
      await send(pair, 'bad', 30);
      await expectGoodUnharmed(pair);
      await expectAllDelivered(pair, 30, 90_000);
    });
  },
};

export const resets: CrashScenario = {
  name: 'resets',
  promise: 'connections that break after the request are tried again',
  run: async (context) => {
    const brokenUntilMs = Date.now() + 5_000;
    const behave = (): Behaviour => (Date.now() < brokenUntilMs ? { kind: 'reset' } : FINE);
    await withPair(context, { behave }, async (pair) => {
      await send(pair, 'bad', 30);
      await expectGoodUnharmed(pair);
      await expectAllDelivered(pair, 30, 90_000);
    });
  },
};
