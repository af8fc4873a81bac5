// The file of the store is removed under the program: it must not go on to promise what nobody will find again, and what it promised
// before is still delivered by the process that holds it.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { sendHttp } from '../support/http-sender.ts';
import { sendLikeFlux, toEventBody } from '../support/flux-sender.ts';
import { writeWebhooks } from '../support/flux-manifests.ts';
import { findFreePort } from '../support/free-port.ts';
import { type Product, startProduct } from '../support/product.ts';
import { WebhookSink } from '../support/webhook-sink.ts';
import { byObject, drained, isDelivered, until } from '../support/outcome.ts';
import type { CrashContext, CrashScenario } from './scenario.ts';

const EVENTS = 20;

export const takenAway: CrashScenario = {
  name: 'taken-away',
  promise: 'when the file of the store is removed senders get 503, and what was acknowledged before is delivered',
  run: async (context) => {
    const sink = new WebhookSink(() => ({ kind: 'answer', status: 204 }));
    const port = await findFreePort();
    const manifests = join(context.directory, 'manifests');
    writeWebhooks(manifests, [{ namespace: 'apps', address: `http://127.0.0.1:${port}/hook` }]);
    const store = join(context.directory, 'tocsin.db');
    const product = await startProduct({
      program: context.program,
      manifests: [manifests],
      store,
      logFile: join(context.directory, 'tocsin.log'),
    });
    try {
      for (let number = 0; number < EVENTS; number += 1) {
        const sent = await sendLikeFlux(product.addresses.events, {
          namespace: 'apps',
          name: `app-${number}`,
          message: `message ${number}`,
        });
        if (sent.outcome !== 'accepted') context.fail(`event ${number}: ${JSON.stringify(sent)}`);
      }
      rmSync(store);
      await expectRefusal(context, product);
      await sink.listen(port);
      await expectDelivered(context, product, sink);
    } finally {
      await product.stop();
      sink.close();
    }
  },
};

async function expectRefusal(context: CrashContext, product: Product): Promise<void> {
  const body = toEventBody({ namespace: 'apps', name: 'late', message: 'after the file was removed' });
  const { status } = await sendHttp({ to: product.addresses.events, method: 'POST', path: '/', headers: {}, body, timeoutMs: 5_000 });
  context.note(`an event after the file was removed is answered ${status}`);
  if (status !== 503) context.fail(`an event after the file was removed is answered ${status} instead of 503`);
  if (!(await until(async () => (await product.ready()) !== 200, 5_000))) context.fail('it calls itself ready');
}

async function expectDelivered(context: CrashContext, product: Product, sink: WebhookSink): Promise<void> {
  if (!(await drained(product, 60_000))) context.fail('not drained within 60 s');
  const delivered = [...byObject(sink.requests).values()].filter((own) => own.some(isDelivered)).length;
  context.note(`${delivered} of ${EVENTS} delivered`);
  if (delivered < EVENTS) context.fail(`${EVENTS - delivered} acknowledged events are lost`);
}
