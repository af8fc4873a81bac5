// When everything that follows from an event has happened: its verdicts are final and nothing of it is leased or due.
import { setTimeout as sleep } from 'node:timers/promises';
import type { AdminAnswer } from '../support/product.ts';

/** The part of the admin API's answer for one event that is looked at. */
interface EventView {
  readonly pending: boolean;
  readonly verdicts: readonly { readonly kind: string; readonly reason?: string }[];
  readonly deliveries: readonly DeliveryView[];
}

interface DeliveryView {
  readonly id: string;
  readonly state: string;
  readonly dueAtMs: number | null;
  readonly lane: { readonly key: string };
  readonly attempts: number;
  readonly reason?: string;
  readonly message?: string;
  readonly history: readonly { readonly outcome: string; readonly reason?: string; readonly message?: string }[];
}

export interface Settled {
  /** undefined when it settled in time; otherwise what it still waited for. */
  readonly waitedFor: string | undefined;
  /** Something of the event is tried again later. */
  readonly isTriedLater: boolean;
  /** One line per delivery, for people who look into a failing case. */
  readonly deliveries: readonly string[];
}

export interface SettleWait {
  readonly ask: (path: string) => Promise<AdminAnswer>;
  readonly eventId: string;
  readonly withinMs: number;
  /** True when a verdict that waits for this stays as it is. */
  readonly staysPending: (reason: string) => boolean;
}

const POLL_MS = 15;

/** Looks often, and for at most `withinMs`. */
export async function waitUntilSettled({ ask, eventId, withinMs, staysPending }: SettleWait): Promise<Settled> {
  const deadlineMs = Date.now() + withinMs;
  let waitedFor = 'the admin API';
  let deliveries: readonly string[] = [];
  let isTriedLater = false;
  do {
    const answer = await ask(`/api/v1/events/${eventId}`);
    if (answer.status === 200) {
      const view = answer.body as EventView;
      deliveries = view.deliveries.map(describe);
      isTriedLater = view.deliveries.some(({ state }) => state === 'waiting');
      const open = whatIsOpen(view, staysPending, Date.now());
      if (open === undefined) return { waitedFor: undefined, isTriedLater, deliveries };
      waitedFor = open;
    } else waitedFor = `GET /api/v1/events/${eventId} answers ${answer.status}`;
    await sleep(POLL_MS);
  } while (Date.now() < deadlineMs);
  return { waitedFor, isTriedLater, deliveries };
}

function whatIsOpen(view: EventView, staysPending: SettleWait['staysPending'], nowMs: number): string | undefined {
  const pending = view.verdicts.find((verdict) => verdict.kind === 'pending' && !staysPending(verdict.reason ?? ''));
  if (pending !== undefined) return `a verdict that is pending (${pending.reason ?? ''})`;
  const open = view.deliveries.find((delivery) => isOpen(delivery, nowMs));
  return open === undefined ? undefined : `delivery ${describe(open)}`;
}

function isOpen(delivery: DeliveryView, nowMs: number): boolean {
  if (delivery.state === 'leased') return true;
  return delivery.state === 'waiting' && (delivery.dueAtMs === null || delivery.dueAtMs <= nowMs);
}

function describe(delivery: DeliveryView): string {
  const why = delivery.reason === undefined ? '' : ` (${delivery.reason}: ${delivery.message ?? ''})`;
  const tries = delivery.history.map((attempt) => `${attempt.outcome}${attempt.reason === undefined ? '' : `/${attempt.reason}`}`);
  return `${delivery.id} ${delivery.state}${why}, tries: ${tries.join(', ') || 'none'}`;
}
