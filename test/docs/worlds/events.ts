// Events as Flux would send them to the server that a page has started, and waiting for what becomes of them.
import { setTimeout as pause } from 'node:timers/promises';
import type { Session } from '../session.ts';

const ASKED_AT_MOST = 60;

/** An event about `Kind/namespace/name`. */
export function toBody(object: string, severity = 'info'): string {
  const [kind = '', namespace = '', name = ''] = object.split('/');
  return JSON.stringify({
    involvedObject: { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind, namespace, name },
    severity,
    reason: 'ReconciliationSucceeded',
    message: 'Applied revision: main@sha1:5e1c1f0',
    reportingController: 'kustomize-controller',
  });
}

/** Posts it; the id of the event. */
export async function postEvent(session: Session, body: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${session.ports.of('events')}`, { method: 'POST', body });
  const id = answer.headers.get('tocsin-event');
  if (answer.status !== 202 || id === null) throw new Error(`the server answered ${answer.status} to ${body}`);
  return id;
}

/** Runs a command again until it says the pattern; the first group of it. */
export async function untilSaid(session: Session, command: string, pattern: RegExp): Promise<string> {
  for (let asked = 0; asked < ASKED_AT_MOST; asked += 1) {
    const match = pattern.exec((await session.run(command)).output);
    if (match !== null) return match[1] ?? '';
    await pause(100);
  }
  throw new Error(`"${command}" never said ${String(pattern)}`);
}
