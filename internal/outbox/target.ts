// What a store keeps of each Target, and what follows from it: how many deliveries may go now, and when the next may.
// Pure: the adapter stores the values.
import { type Breaker, CLOSED_BREAKER } from './breaker.ts';
import { windowWithin } from './lease-window.ts';

/** One Target as the writer works with it. */
export interface Target {
  readonly id: number;
  readonly key: string;
  concurrency: number;
  ratePerSecond: number | null;
  breaker: Breaker;
  /** The lane position of the last probe: the next one takes a later one, so that probes rotate. */
  probePosition: number;
  waiting: number;
  leased: number;
  /** How many may be leased at a time: its concurrency, and more while it answers quickly. */
  leaseWindow: number;
  dead: number;
  /** The delivery that is out as a probe. */
  probeSeq: number | null;
  /** No ready delivery is due before; Infinity = none is ready. */
  nextReadyMs: number;
  /** Sends that the rate allows now. */
  tokens: number;
  tokensAtMs: number;
}

/** How much of a Target may be under way at a time, and how often. */
export type Policy = Pick<Target, 'concurrency' | 'ratePerSecond'>;

/** A Target that owes nothing yet. */
export function newTarget(id: number, key: string, policy: Policy): Target {
  return {
    id,
    key,
    concurrency: policy.concurrency,
    ratePerSecond: policy.ratePerSecond,
    breaker: CLOSED_BREAKER,
    probePosition: 0,
    waiting: 0,
    leased: 0,
    leaseWindow: policy.concurrency,
    dead: 0,
    probeSeq: null,
    nextReadyMs: Number.POSITIVE_INFINITY,
    tokens: 0,
    tokensAtMs: 0,
  };
}

/** Whether the Target is sent to under this policy. */
export function hasPolicy(target: Target, { concurrency, ratePerSecond }: Policy): boolean {
  return target.concurrency === concurrency && target.ratePerSecond === ratePerSecond;
}

/** Puts another policy into force: what was learnt about how quickly it answers is begun anew. */
export function setPolicy(target: Target, { concurrency, ratePerSecond }: Policy): void {
  target.concurrency = concurrency;
  target.leaseWindow = concurrency;
  target.ratePerSecond = ratePerSecond;
}

/** How many of the Target may go now to a process that has room for so many of all. */
export function capacityOf(target: Target, nowMs: number, room = Number.POSITIVE_INFINITY): number {
  const { pausedUntilMs } = target.breaker;
  if (pausedUntilMs !== null) return pausedUntilMs <= nowMs && target.probeSeq === null ? 1 : 0;
  if (target.nextReadyMs > nowMs) return 0;
  return Math.max(0, Math.min(windowWithin(room, target.leaseWindow) - target.leased, Math.floor(tokensAt(target, nowMs) + 1e-9)));
}

/** Takes one send out of what the rate allows. */
export function spendToken(target: Target, nowMs: number): void {
  if (target.ratePerSecond === null || target.ratePerSecond <= 0) return;
  target.tokens = tokensAt(target, nowMs) - 1;
  target.tokensAtMs = nowMs;
}

/** When something of the Target could be leased without anything else happening; Infinity = not by time alone. */
export function nextTurnMs(target: Target, nowMs: number, room = Number.POSITIVE_INFINITY): number {
  const { pausedUntilMs } = target.breaker;
  if (pausedUntilMs !== null) {
    if (target.probeSeq !== null) return Number.POSITIVE_INFINITY;
    // A probe that could go by now has gone: what is left waits for a moment that was asked for.
    return pausedUntilMs > nowMs ? pausedUntilMs : target.nextReadyMs;
  }
  if (target.leased >= windowWithin(room, target.leaseWindow)) return Number.POSITIVE_INFINITY;
  return Math.max(target.nextReadyMs, nextTokenMs(target, nowMs));
}

function nextTokenMs(target: Target, nowMs: number): number {
  const rate = target.ratePerSecond;
  const tokens = tokensAt(target, nowMs);
  if (rate === null || rate <= 0 || tokens + 1e-9 >= 1) return nowMs;
  return nowMs + Math.ceil(((1 - tokens) * 1000) / rate);
}

function tokensAt(target: Target, nowMs: number): number {
  const rate = target.ratePerSecond;
  if (rate === null || rate <= 0) return Number.POSITIVE_INFINITY;
  const elapsedMs = Math.max(0, nowMs - target.tokensAtMs);
  return Math.min(Math.max(1, rate), target.tokens + (elapsedMs * rate) / 1000);
}
