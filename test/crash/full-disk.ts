// A disk that is full: senders get 503 and keep their events, the program stays up, and what was acknowledged is
// delivered. A small tmpfs in a mount namespace of its own, which takes root.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { sendHttp } from '../support/http-sender.ts';
import { toEventBody } from '../support/flux-sender.ts';
import { writeWebhooks } from '../support/flux-manifests.ts';
import { type Product, startProduct } from '../support/product.ts';
import { WebhookSink } from '../support/webhook-sink.ts';
import { byObject, drained, isDelivered, listDeliveries } from '../support/outcome.ts';
import type { CrashContext, CrashScenario } from './scenario.ts';

/** Holds the program's reserve file and a few hundred large events. */
const DISK = '24m';
const LARGER_DISK = '96m';
const MESSAGE_BYTES = 40_000;
const MOST_EVENTS = 3_000;

export const fullDisk: CrashScenario = {
  name: 'full-disk',
  promise: 'a full disk means 503 to senders; what was acknowledged is delivered, and room brings back 202',
  run: async (context) => {
    if (!canMount()) {
      context.note('NOT RUN with a tmpfs: this needs root and unshare; the store suite limits the pages of SQLite instead');
      return;
    }
    context.note(`a tmpfs of ${DISK} in a mount namespace`);
    const sink = new WebhookSink(() => ({ kind: 'answer', status: 200 }));
    await sink.listen();
    const data = join(context.directory, 'data');
    mkdirSync(data);
    const manifests = join(context.directory, 'manifests');
    writeWebhooks(manifests, [{ namespace: 'apps', address: `http://127.0.0.1:${sink.port}/hook` }]);
    try {
      const product = await startProduct({
        program: context.program,
        manifests: [manifests],
        store: join(data, 'tocsin.db'),
        logFile: join(context.directory, 'tocsin.log'),
        isolatedFiles: true,
        wrapper: ['unshare', '-m', 'sh', '-c', `mount -t tmpfs -o size=${DISK} tmpfs '${data}' && exec "$@"`, 'sh'],
      });
      try {
        await fill({ context, product, sink, data });
      } finally {
        await product.stop();
      }
    } finally {
      sink.close();
    }
  },
};

interface Filling {
  readonly context: CrashContext;
  readonly product: Product;
  readonly sink: WebhookSink;
  readonly data: string;
}

async function fill({ context, product, sink, data }: Filling): Promise<void> {
  const acknowledged: string[] = [];
  const statuses = new Map<number, number>();
  let refusedInARow = 0;
  let number = 0;
  while (refusedInARow < 40 && number < MOST_EVENTS) {
    const status = await post(product, number);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status === 202) acknowledged.push(`apps/app-${number}`);
    refusedInARow = status === 202 ? 0 : refusedInARow + 1;
    number += 1;
  }
  context.note(`${number} events of ${MESSAGE_BYTES} bytes: ${[...statuses].map(([status, count]) => `${count} x ${status}`).join(', ')}`);
  if (refusedInARow === 0) context.fail('the disk never filled up');
  const odd = [...statuses.keys()].filter((status) => status !== 202 && status !== 503);
  if (odd.length > 0) context.fail(`answers other than 202 and 503: ${odd.join(', ')}`);
  if (product.hasExited()) {
    context.fail(`the program ended: ${JSON.stringify(await product.exited)}`);
    return;
  }
  execFileSync('nsenter', ['-t', String(product.pid), '-m', 'mount', '-o', `remount,size=${LARGER_DISK}`, data]);
  await expectRecovery(context, product, acknowledged);
  if (!(await drained(product, 60_000))) context.fail('not drained within 60 s after there was room again');
  const delivered = new Set([...byObject(sink.requests)].filter(([, own]) => own.some(isDelivered)).map(([object]) => object));
  const dead = new Set((await listDeliveries(product, 'dead')).map(({ subject }) => `${subject.namespace}/${subject.name}`));
  const lost = acknowledged.filter((object) => !delivered.has(object) && !dead.has(object));
  context.note(`${acknowledged.length} acknowledged, ${delivered.size} delivered, ${lost.length} lost`);
  if (lost.length > 0) context.fail(`${lost.length} acknowledged events are lost: ${lost.slice(0, 5).join(' ')}`);
}

async function expectRecovery(context: CrashContext, product: Product, acknowledged: string[]): Promise<void> {
  const deadlineMs = Date.now() + 30_000;
  for (let number = MOST_EVENTS; Date.now() < deadlineMs; number += 1) {
    if ((await post(product, number)) === 202) {
      acknowledged.push(`apps/app-${number}`);
      context.note('with room again events are taken again');
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  context.fail('no event is taken 30 s after there was room again');
}

async function post(product: Product, number: number): Promise<number> {
  const body = toEventBody({ namespace: 'apps', name: `app-${number}`, message: `${number} ${'x'.repeat(MESSAGE_BYTES)}` });
  try {
    return (await sendHttp({ to: product.addresses.events, method: 'POST', path: '/', headers: {}, body, timeoutMs: 5_000 })).status;
  } catch {
    // No answer in time counts as an answer that there must not be.
    return 0;
  }
}

function canMount(): boolean {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' });
    execFileSync('nsenter', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    // Not root, or not Linux.
    return false;
  }
}
