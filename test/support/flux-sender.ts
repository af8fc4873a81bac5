// Sends events as Flux's controllers do: 5 s per try, four more tries after 1, 2, 4 and 8 s on connection errors and
// 5xx, none on 429, which means that the event is already there.
import { setTimeout as sleep } from 'node:timers/promises';
import { type HttpAnswer, sendHttp } from './http-sender.ts';
import type { HostPort } from './product.ts';

export interface TestEvent {
  readonly namespace: string;
  /** Name of the object; tests use it to find the event again. */
  readonly name: string;
  readonly message: string;
}

/** The body of an event of a Kustomization. */
export function toEventBody({ namespace, name, message }: TestEvent): string {
  return JSON.stringify({
    involvedObject: { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', namespace, name, uid: 'c5a6cfa7' },
    severity: 'info',
    timestamp: '2026-01-02T03:04:05Z',
    message,
    reason: 'ReconciliationSucceeded',
    metadata: { 'kustomize.toolkit.fluxcd.io/revision': 'main@sha1:5394cb7f48332b2de7c17dd8b8384bbc84b7e738' },
    reportingController: 'kustomize-controller',
    reportingInstance: 'kustomize-controller-7d9f',
  });
}

export interface Sent {
  /** `given-up`: the sender tells its operator; such an event was never promised to anybody. */
  readonly outcome: 'accepted' | 'duplicate' | 'given-up';
  readonly eventId: string;
  /** Status of each try; 0 when there was no answer. */
  readonly statuses: readonly number[];
  readonly slowestMs: number;
}

const TRY_TIMEOUT_MS = 5_000;
const WAITS_MS = [1_000, 2_000, 4_000, 8_000] as const;

export async function sendLikeFlux(to: HostPort, event: TestEvent): Promise<Sent> {
  const body = toEventBody(event);
  const statuses: number[] = [];
  let slowestMs = 0;
  for (let attempt = 0; attempt <= WAITS_MS.length; attempt += 1) {
    const startedAtMs = performance.now();
    const answer = await tryOnce(to, body);
    slowestMs = Math.max(slowestMs, performance.now() - startedAtMs);
    statuses.push(answer?.status ?? 0);
    if (answer !== undefined && answer.status < 500) {
      const outcome = answer.status === 202 ? 'accepted' : answer.status === 429 ? 'duplicate' : 'given-up';
      return { outcome, eventId: eventIdOf(answer), statuses, slowestMs };
    }
    const waitMs = WAITS_MS[attempt];
    if (waitMs !== undefined) await sleep(waitMs);
  }
  return { outcome: 'given-up', eventId: '', statuses, slowestMs };
}

async function tryOnce(to: HostPort, body: string): Promise<HttpAnswer | undefined> {
  try {
    const headers = { 'Content-Type': 'application/json' };
    return await sendHttp({ to, method: 'POST', path: '/', headers, body, timeoutMs: TRY_TIMEOUT_MS });
  } catch {
    // Refused, reset or too slow: all the same to the sender.
    return undefined;
  }
}

function eventIdOf(answer: HttpAnswer): string {
  return answer.headers.find(([name]) => name.toLowerCase() === 'tocsin-event')?.[1] ?? '';
}
