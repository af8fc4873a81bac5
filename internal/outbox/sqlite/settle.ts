// Ends a lease: by what the try came to, by giving it back, or by finding that it was lost.
import { nextBreaker, toBreakerSignal, type BreakerChange } from '../breaker.ts';
import { droppedAttempt } from '../history.ts';
import { nextLeaseWindow } from '../lease-window.ts';
import { LANE_HOLD_MS } from '../schedule.ts';
import { LEASED, toState, toStateCode, WAITING } from '../state-codes.ts';
import { settle as settleState, type Step } from '../state-machine.ts';
import type { SettleResult } from '../store.ts';
import type { Target } from '../target.ts';
import { findDelivery, giveBack, isOutdated, LIVE_COLUMNS, type LiveRow, noteDelivered, promoteLane } from './lanes.ts';
import { forget, remember } from './memory.ts';
import type { LeaseKey, SettlementInput } from '../operations.ts';
import type { Session } from './session.ts';

const WAITS_FOR = { schedule: 0, time: 1, 'target-change': 2 } as const;

export function settle(session: Session, entries: readonly SettlementInput[]): readonly SettleResult[] {
  return entries.map((entry) => settleOne(session, entry));
}

function settleOne(session: Session, entry: SettlementInput): SettleResult {
  const row = findDelivery(session, entry.id);
  if (row === undefined) return { result: 'fenced', state: 'cancelled', dueAtMs: null, breaker: 'closed' };
  const target = session.targets.byId(row.target);
  if (row.state !== LEASED || row.token !== entry.token) return fence(session, row, entry, target);

  const step = settleState(entry.outcome, {
    nowMs: session.nowMs,
    expiresAtMs: row.expires_ms,
    attempts: row.attempts,
    deferrals: Math.max(0, row.tries - row.attempts),
    firstTryMs: row.first_try_ms,
    goneSinceMs: row.gone_ms,
    isOutdated: isOutdatedTry(session, row, entry),
    random: entry.random,
  });
  const breaker = tripBreaker(session, target, row, entry);
  writeStep(session, row, step, breaker === 'recovered');
  writeAttempt(session, row, entry.attempt);
  for (const scope of entry.forget) forget(session, scope);
  remember(session, entry.remember);
  if (entry.outcome.kind === 'delivered') {
    if (row.newest === 1) noteDelivered(session, row);
    if (entry.outcome.remember !== undefined) remember(session, entry.outcome.remember);
  }
  return { result: 'settled', state: step.state, dueAtMs: step.dueAtMs, breaker };
}

/** The lease went to somebody else or the delivery ended meanwhile: what this try did is anybody's guess. */
function fence(session: Session, row: LiveRow, entry: SettlementInput, target: Target): SettleResult {
  forget(session, row.lane);
  for (const scope of entry.forget) forget(session, scope);
  const breaker = target.breaker.pausedUntilMs === null ? 'closed' : 'open';
  return { result: 'fenced', state: toState(row.state), dueAtMs: row.due_ms, breaker };
}

function isOutdatedTry(session: Session, row: LiveRow, entry: SettlementInput): boolean {
  if (row.newest === 0 || row.forced === 1) return false;
  if (entry.outcome.kind !== 'retry' && entry.outcome.kind !== 'deferred') return false;
  return isOutdated(session, row.lane, { orderMs: row.order_ms, sequence: row.seq });
}

function writeStep(session: Session, row: LiveRow, step: Step, isRecovered: boolean): void {
  const target = session.targets.byId(row.target);
  const state = toStateCode(step.state);
  const isEnd = step.state !== 'waiting';
  // In a newest lane whatever comes next supersedes a failing head, but for one that a person forced.
  const isHolding = !isEnd && row.out_of_order === 0 && (row.newest === 0 || row.forced === 1);
  const holdUntilMs = !isHolding ? null : (row.hold_until_ms ?? session.nowMs + LANE_HOLD_MS);
  const dueMs = isRecovered && !isEnd && step.waitsFor === 'schedule' ? session.nowMs : step.dueAtMs;
  session
    .sql(`UPDATE deliveries SET state = ?, due_ms = ?, ready_ms = ?, lease_until_ms = NULL, hold_until_ms = ?, ended_ms = ?,
      attempts = ?, tries = ?, waits_for = ?, first_try_ms = ?, gone_ms = ?, reason = ?, message = ? WHERE seq = ?`)
    .run(
      state,
      dueMs,
      dueMs,
      holdUntilMs,
      isEnd ? session.nowMs : null,
      step.attempts,
      row.tries + 1,
      WAITS_FOR[step.waitsFor],
      row.first_try_ms ?? session.nowMs,
      step.goneSinceMs,
      step.reason,
      step.message,
      row.seq,
    );
  session.countState(target, LEASED, state);
  if (state === WAITING) session.targets.noteReady(target, dueMs ?? session.nowMs);
  else promoteLane(session, row.lane);
}

function writeAttempt(session: Session, row: LiveRow, record: string): void {
  const number = row.tries + 1;
  session.sql('INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?)').run(row.seq, number, session.nowMs, record);
  const dropped = droppedAttempt(number);
  if (dropped !== null) session.sql('DELETE FROM attempts WHERE delivery = ? AND number = ?').run(row.seq, dropped);
}

function tripBreaker(session: Session, target: Target, row: LiveRow, entry: SettlementInput): BreakerChange {
  const isProbe = target.probeSeq === row.seq;
  const next = nextBreaker(target.breaker, toBreakerSignal(entry.outcome), { nowMs: session.nowMs, isProbe });
  session.targets.touch(target);
  target.breaker = next.breaker;
  const finished = { isDelivered: entry.outcome.kind === 'delivered', durationMs: entry.durationMs };
  target.leaseWindow = nextLeaseWindow(target.leaseWindow, target.concurrency, finished);
  if (isProbe) target.probeSeq = null;
  if (next.change === 'recovered') makeDue(session, target);
  return next.change;
}

/** Everything that only waits for its schedule is due at once; what a Retry-After asked for stays. */
function makeDue(session: Session, target: Target): void {
  session
    .sql('UPDATE deliveries SET due_ms = ?, ready_ms = ? WHERE target = ? AND ready_ms > ? AND waits_for = 0')
    .run(session.nowMs, session.nowMs, target.id, session.nowMs);
  session.targets.refreshReady(target);
}

export function release(session: Session, leases: readonly LeaseKey[]): null {
  for (const [id, token] of leases) {
    const row = findDelivery(session, id);
    if (row !== undefined && row.state === LEASED && row.token === token) giveBack(session, row, false);
  }
  return null;
}

/** Takes back leases that ran out by now; the memory of their lanes is unknown. Returns how many. */
export function recoverLeases(session: Session, untilMs: number, limit: number): number {
  const rows = session
    .sql(`SELECT ${LIVE_COLUMNS} FROM deliveries WHERE lease_until_ms IS NOT NULL AND lease_until_ms <= ? LIMIT ?`)
    .all(untilMs, limit) as unknown as LiveRow[];
  for (const row of rows) {
    forget(session, row.lane);
    giveBack(session, row, true);
  }
  return rows.length;
}

/** What was deferred until one of these Targets changes is due now, and a paused one is probed now. */
export function wake(session: Session, targetKeys: readonly string[]): null {
  for (const key of targetKeys) {
    const target = session.targets.byKey(key);
    if (target === undefined) continue;
    session
      .sql('UPDATE deliveries SET due_ms = ?, ready_ms = ? WHERE target = ? AND ready_ms > ? AND waits_for = 2')
      .run(session.nowMs, session.nowMs, target.id, session.nowMs);
    session.targets.touch(target);
    if (target.breaker.pausedUntilMs !== null) target.breaker = { ...target.breaker, pausedUntilMs: session.nowMs };
    session.targets.refreshReady(target);
  }
  return null;
}
