// A small fleet for examples: one Provider that takes everything, one that is down, one that refuses.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Session } from '../session.ts';
import { postEvent, toBody, untilSaid } from './events.ts';
import { type EndWorld, startSink } from './sink.ts';

/** The id that examples name. */
const SHOWN_ID = '019a0000-0000-7000-8000-000000000000';
const FLEET = readFileSync(join(import.meta.dirname, 'fleet.yaml'), 'utf8');

/** README.md: a folder and nothing else. */
export async function prepareFleet(session: Session): Promise<EndWorld> {
  session.write('fleet/apps.yaml', FLEET);
  return startSink(session);
}

/** The reference of commands: the files that its examples name. */
export async function prepareCommands(session: Session): Promise<EndWorld> {
  session.write('clusters/prod/apps.yaml', FLEET);
  session.write('edited.yaml', FLEET.split('---\n').find((document) => document.includes('name: chat')) ?? '');
  session.write('event.json', toBody('Kustomization/apps/web'));
  session.write('events.json', toBody('Kustomization/apps/web'));
  return startSink(session);
}

/** What has to have happened before the examples of a command, once the server runs; the id of them then stands for it. */
export const BEFORE_EXAMPLES: Readonly<Record<string, (session: Session) => Promise<void>>> = {
  deliveries: (session) => nameDelivery(session, 'Kustomization', 'delivered'),
  explain: async (session) => nameEvent(session, await postEvent(session, toBody('Kustomization/apps/explained'))),
  events: async (session) => nameEvent(session, await postEvent(session, toBody('Kustomization/apps/listed', 'error'))),
  replay: (session) => nameDelivery(session, 'Bucket', 'dead'),
  cancel: (session) => nameDelivery(session, 'HelmRelease', 'waiting'),
};

function nameEvent(session: Session, id: string): void {
  session.ids.set(SHOWN_ID, id);
}

/** Makes one by an event about this kind, and waits until it is in that state. */
async function nameDelivery(session: Session, kind: string, state: string): Promise<void> {
  await postEvent(session, toBody(`${kind}/apps/web`));
  const listed = `tocsin deliveries --object ${kind}/apps/web --state ${state}`;
  session.ids.set(SHOWN_ID, await untilSaid(session, listed, new RegExp(`^([0-9a-f-]{36}) +${state}\\b`, 'm')));
}
