// The fleet of "Why did I not get it?": every story of the page has happened.
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Event } from '../../../internal/event/event.ts';
import { projectFlux, toEvent } from '../../../internal/event/flux.ts';
import { openSqliteOutbox } from '../../../internal/outbox/sqlite/outbox.ts';
import type { ObjectRef } from '../../../internal/sdk/target.ts';
import { ManualClock } from '../../support/clock.ts';
import { startInline } from '../../support/inline-writer.ts';
import { aDelivery, anAppend, ref } from '../../support/outbox.ts';
import type { Session } from '../session.ts';
import { postEvent, toBody, untilSaid } from './events.ts';
import { type EndWorld, startSink } from './sink.ts';

const HOUR_MS = 3_600_000;
const DECIDED = ['shop', 'billing', 'search', 'cart', 'mail', 'payments', 'photos'];
const TRIED = ['login', 'audit', 'docs', 'blog', 'media', 'news'];
const FAILING = ['web', 'a', 'b', 'c', 'd', 'e'];

/** Serves one Alert per story, and has sent events about all of them. */
export async function prepareWhyNot(session: Session): Promise<EndWorld> {
  const endSink = await startSink(session);
  const fleet = readFileSync(join(import.meta.dirname, 'why-not.yaml'), 'utf8');
  for (const [namespace, text] of byNamespace(fleet)) session.write(`clusters/prod/${namespace}.yaml`, text);
  session.write('event.json', toBody('Kustomization/news/web'));
  await storeExpired(join(session.folder, '.tocsin', 'outbox.db'));
  await session.run('tocsin serve --manifests clusters/prod --no-cross-namespace-refs > tocsin.log 2>&1 &');
  for (const namespace of [...DECIDED, ...TRIED]) await postEvent(session, toBody(`Kustomization/${namespace}/web`));
  for (const name of FAILING) await postEvent(session, toBody(`Kustomization/queues/${name}`));
  for (const namespace of TRIED) await untilSaid(session, `tocsin explain Kustomization/${namespace}/web`, /^ +#1 /m);
  await untilSaid(session, 'tocsin explain Kustomization/queues/web', /circuit open/);
  return endSink;
}

function byNamespace(fleet: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const document of fleet.split(/^---$/m).slice(1)) {
    const namespace = /^ {2}namespace: (\S+)$/m.exec(document)?.[1] ?? '';
    files.set(namespace, `${files.get(namespace) ?? ''}---${document}`);
  }
  return files;
}

/** An event of the day before yesterday whose delivery ran out of time. */
async function storeExpired(path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const clock = new ManualClock(Date.now() - 50 * HOUR_MS);
  const outbox = await openSqliteOutbox({ path, project, clock, random: Math.random, startWriter: startInline });
  const body = toBody('Kustomization/news/old');
  const event = toEvent({ body, nowMs: clock.nowMs(), windowMs: 1000, origin: 'http' });
  if ('invalid' in event) throw new TypeError(event.invalid);
  await outbox.append([anAppend(event, [{ ...aDelivery(), route: inNews('changes'), target: inNews('chat') }])]);
  clock.advance(25 * HOUR_MS);
  for (let step = 0; step < 5; step += 1) await outbox.maintain();
  await outbox.close();
}

function project(_dialect: string, body: string): Event['flux'] {
  return projectFlux(body);
}

function inNews(name: string): ObjectRef {
  return { ...ref(name), namespace: 'news' };
}
