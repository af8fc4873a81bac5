// SIGKILL at random moments while events arrive and webhooks are slow and failing.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Sent, sendLikeFlux, type TestEvent } from '../support/flux-sender.ts';
import { writeWebhooks } from '../support/flux-manifests.ts';
import { findFreePort } from '../support/free-port.ts';
import { type Product, startProduct } from '../support/product.ts';
import { type Behaviour, WebhookSink } from '../support/webhook-sink.ts';
import { byObject, countDuplicates, drained, isDelivered, listDeliveries } from '../support/outcome.ts';
import type { CrashContext, CrashScenario } from './scenario.ts';

/** One namespace per way of misbehaving; `toBehaviour` gets a number in [0, 1) per request. */
const MOODS: readonly { readonly namespace: string; readonly toBehaviour: (chance: number) => Behaviour }[] = [
  { namespace: 'slow', toBehaviour: (chance) => ok(30 + chance * 170) },
  {
    namespace: 'flaky',
    toBehaviour: (chance) => {
      if (chance < 0.06) return { kind: 'answer', status: 503, delayMs: 20 };
      return chance < 0.1 ? { kind: 'reset' } : ok(10);
    },
  },
  {
    namespace: 'limited',
    toBehaviour: (chance) => (chance < 0.06 ? { kind: 'answer', status: 429, headers: { 'Retry-After': '1' } } : ok(10)),
  },
  { namespace: 'hanging', toBehaviour: (chance) => (chance < 0.01 ? { kind: 'hang' } : ok(20)) },
  { namespace: 'refusing', toBehaviour: (chance) => (chance < 0.03 ? { kind: 'answer', status: 400 } : ok(15)) },
];

function ok(delayMs: number): Behaviour {
  return { kind: 'answer', status: 200, delayMs };
}

interface Chaos {
  readonly context: CrashContext;
  readonly start: (onSpawn?: (pid: number) => void) => Promise<Product>;
  readonly port: number;
}

interface Result {
  readonly event: TestEvent;
  readonly sent: Sent;
}

export const kill: CrashScenario = {
  name: 'kill',
  promise: 'after SIGKILL at random moments every acknowledged event is delivered or a dead letter',
  run: async (context) => {
    let isCalm = false;
    const sinks = MOODS.map(({ toBehaviour }) => new WebhookSink(() => (isCalm ? ok(0) : toBehaviour(context.random()))));
    for (const sink of sinks) await sink.listen();
    try {
      const chaos = await prepare(context, sinks);
      const sends: Promise<Result>[] = [];
      const early = await killRepeatedly(chaos, sends);
      context.note(`${context.kills} kills, ${early} of them before the program listened`);
      isCalm = true;
      const product = await chaos.start();
      try {
        await judge({ context, product, sinks, results: await Promise.all(sends) });
      } finally {
        await product.stop();
      }
    } finally {
      for (const sink of sinks) sink.close();
    }
  },
};

async function prepare(context: CrashContext, sinks: readonly WebhookSink[]): Promise<Chaos> {
  const manifests = join(context.directory, 'manifests');
  writeWebhooks(
    manifests,
    MOODS.map(({ namespace }, index) => ({ namespace, address: `http://127.0.0.1:${sinks[index]?.port ?? 0}/hook`, timeout: '1s' })),
  );
  const port = await findFreePort();
  return {
    context,
    port,
    start: (onSpawn) =>
      startProduct({
        program: context.program,
        manifests: [manifests],
        store: join(context.directory, 'tocsin.db'),
        logFile: join(context.directory, 'tocsin.log'),
        flags: ['--events-addr', `127.0.0.1:${port}`],
        ...(onSpawn === undefined ? {} : { onSpawn }),
      }),
  };
}

/** One round: start, let a share of the events arrive, kill. Returns how many kills came before the program listened. */
async function killRepeatedly({ context, start, port }: Chaos, sends: Promise<Result>[]): Promise<number> {
  const { kills, events, random } = context;
  let early = 0;
  for (let round = 1; round <= kills; round += 1) {
    const killsEarly = random() < 0.15;
    if (killsEarly && (await killWhileStarting(start, random() * 500))) early += 1;
    const product = killsEarly ? undefined : await start();
    while (sends.length < Math.round((round * events) / kills)) {
      sends.push(sendLater(random() * 900, port, toEvent(sends.length)));
    }
    if (product === undefined) continue;
    await sleep(random() * 1_200);
    product.kill('SIGKILL');
    await product.exited;
  }
  return early;
}

/** True when the program had not listened yet; when it had, it is killed all the same and counts as an ordinary one. */
async function killWhileStarting(start: Chaos['start'], afterMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const starting = start((pid) => (timer = setTimeout(() => process.kill(pid, 'SIGKILL'), afterMs)));
  try {
    const product = await starting;
    await product.exited;
    return false;
  } catch {
    // Killed before it listened, as intended.
    return true;
  } finally {
    clearTimeout(timer);
  }
}

function toEvent(number: number): TestEvent {
  const mood = MOODS[number % MOODS.length];
  return { namespace: mood?.namespace ?? '', name: `app-${number}`, message: `message ${number}` };
}

async function sendLater(afterMs: number, port: number, event: TestEvent): Promise<Result> {
  await sleep(afterMs);
  return { event, sent: await sendLikeFlux({ host: '127.0.0.1', port }, event) };
}

interface Judged {
  readonly context: CrashContext;
  readonly product: Product;
  readonly sinks: readonly WebhookSink[];
  readonly results: readonly Result[];
}

const DRAIN_WITHIN_MS = 240_000;

async function judge({ context, product, sinks, results }: Judged): Promise<void> {
  const acknowledged = results.filter(({ sent }) => sent.outcome !== 'given-up');
  const fresh = results.filter(({ sent }) => sent.outcome === 'accepted').length;
  const odd = results.filter(({ sent }) => sent.statuses.some((status) => ![0, 202, 429, 503].includes(status)));
  if (odd.length > 0) context.fail(`${odd.length} events got another answer than 202, 429 or 503: ${JSON.stringify(odd[0])}`);
  context.note(
    `${results.length} events: ${fresh} answered 202, ${acknowledged.length - fresh} answered 429 on a repeat, ` +
      `${results.length - acknowledged.length} never acknowledged`,
  );
  if (!(await drained(product, DRAIN_WITHIN_MS))) context.fail(`not drained within ${DRAIN_WITHIN_MS / 1000} s`);

  const requests = sinks.flatMap((sink) => sink.requests);
  const delivered = new Set([...byObject(requests)].filter(([, own]) => own.some(isDelivered)).map(([object]) => object));
  const dead = new Set((await listDeliveries(product, 'dead')).map(({ subject }) => `${subject.namespace}/${subject.name}`));
  const lost = acknowledged
    .map(({ event }) => `${event.namespace}/${event.name}`)
    .filter((object) => !delivered.has(object) && !dead.has(object));
  const { duplicates, changedIds } = countDuplicates(requests);
  context.note(`${delivered.size} delivered, ${dead.size} dead letters, ${duplicates} duplicates, ${requests.length} requests`);
  if (lost.length > 0) context.fail(`${lost.length} acknowledged events are lost: ${lost.slice(0, 10).join(' ')}`);
  if (changedIds.length > 0)
    context.fail(`${changedIds.length} were repeated under another Tocsin-Delivery: ${changedIds.slice(0, 5).join(' ')}`);
}
