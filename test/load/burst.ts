// A storm: 400 objects fail at once while 5,000 Alerts are configured and the Provider reads a Secret.
import { join } from 'node:path';
import { sendLikeFlux } from '../support/flux-sender.ts';
import { type Fleet, writeFleet } from '../support/many-alerts.ts';
import { watchUsage } from '../support/process-usage.ts';
import { startProduct } from '../support/product.ts';
import { WebhookSink } from '../support/webhook-sink.ts';
import { untilReady } from '../support/ready.ts';
import { byObject, drained, isDelivered } from '../support/outcome.ts';
import type { LoadContext, LoadScenario } from './scenario.ts';

const EVENTS = 400;
const ALERTS = 5_000;
/** All of them wildcards on one namespace. */
const CANDIDATES = 1_000;
const ANSWER_WITHIN_MS = 4_000;

/** As in a large fleet: most Alerts are of others, three are candidates. */
export const burst: LoadScenario = {
  name: 'burst',
  promise: `${EVENTS} events at once with ${ALERTS} Alerts and a Secret: every answer within 4 s, none lost`,
  run: (context) => storm(context, 'spread'),
};

/** The worst configuration: every Alert is a candidate of every event. Some senders may have to come back, none may wait. */
export const burstOfCandidates: LoadScenario = {
  name: 'burst-of-candidates',
  promise: `${EVENTS} events at once, each a candidate of ${CANDIDATES} Alerts: every answer within 4 s, nothing acknowledged is lost`,
  run: (context) => storm(context, 'all'),
};

async function storm({ directory, program, note, fail }: LoadContext, shape: Fleet['shape']): Promise<void> {
  const sink = new WebhookSink(() => ({ kind: 'answer', status: 200 }));
  await sink.listen();
  const manifests = join(directory, 'manifests');
  writeFleet(manifests, {
    alerts: shape === 'all' ? CANDIDATES : ALERTS,
    shape,
    address: `http://127.0.0.1:${sink.port}/hook`,
    viaSecret: true,
  });
  const product = await startProduct({
    program,
    manifests: [manifests],
    store: join(directory, 'tocsin.db'),
    logFile: join(directory, 'tocsin.log'),
  });
  try {
    await untilReady(product);
    const usage = watchUsage(product.pid, 100);
    const events = Array.from({ length: EVENTS }, (_, index) => ({
      namespace: 'team-00000',
      name: `app-${index}`,
      message: `failed ${index}`,
    }));
    const sent = await Promise.all(events.map((event) => sendLikeFlux(product.addresses.events, event)));
    const slowestMs = Math.round(Math.max(...sent.map((one) => one.slowestMs)));
    const firstTry = sent.filter(({ statuses }) => statuses.length === 1 && statuses[0] === 202).length;
    const acknowledged = sent.filter(({ outcome }) => outcome !== 'given-up').length;
    const other = sent.flatMap(({ statuses }) => statuses).filter((status) => status !== 202 && status !== 503);
    note(`${firstTry} of ${EVENTS} accepted at the first try, ${acknowledged} in the end, the slowest answer took ${slowestMs} ms`);
    if (other.length > 0) fail(`answers other than 202 and 503: ${[...new Set(other)].join(', ')} (0 is none within 5 s)`);
    if (slowestMs > ANSWER_WITHIN_MS) fail(`an answer took ${slowestMs} ms`);
    if (shape === 'spread' && acknowledged < EVENTS) fail(`${EVENTS - acknowledged} senders gave up`);
    if (!(await drained(product, 60_000))) fail('not drained within 60 s');
    const delivered = [...byObject(sink.requests).values()].filter((own) => own.some(isDelivered)).length;
    const peakMb = Math.max(0, ...usage.stop().map(({ rssMb }) => rssMb));
    note(`${delivered} delivered, at most ${peakMb} MB`);
    if (delivered < acknowledged) fail(`${acknowledged - delivered} acknowledged events are lost`);
  } finally {
    await product.stop();
    sink.close();
  }
}
