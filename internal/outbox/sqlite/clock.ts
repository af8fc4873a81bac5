// What a clock that jumps makes of the times in the file. While the program runs, a jump is seen and every time moves along with it.
// While it does not run, nobody can tell a jump from a long night, so that nothing may lie further ahead than it can have been put.
import { LONGEST_PROBE_MS } from '../breaker.ts';
import { LANE_HOLD_MS, LIFETIME_MS, LONGEST_PAUSE_MS } from '../schedule.ts';
import { CANCELLED, DEAD, DELIVERED, SUPERSEDED } from '../state-codes.ts';
import type { Target } from '../target.ts';
import type { Session } from './session.ts';

/** Between wall and monotonic time; less is a drift. */
export const CLOCK_JUMP_MS = 30_000;

/** Moves every time that lies ahead along with the clock, so that a wrong clock neither rushes nor delays anything. */
export function shiftTimes(session: Session, byMs: number): void {
  session
    .sql(`UPDATE deliveries SET expires_ms = expires_ms + ?1, due_ms = due_ms + ?1, ready_ms = ready_ms + ?1, lease_until_ms = lease_until_ms + ?1,
      hold_until_ms = hold_until_ms + ?1, first_try_ms = first_try_ms + ?1, gone_ms = gone_ms + ?1 WHERE ended_ms IS NULL`)
    .run(byMs);
  session
    .sql(`UPDATE events SET pending_due_ms = pending_due_ms + ?1, pending_since_ms = coalesce(pending_since_ms, accepted_ms) + ?1
      WHERE pending_due_ms IS NOT NULL`)
    .run(byMs);
  session.sql('UPDATE dedup SET start_ms = start_ms + ?1, accepted_ms = accepted_ms + ?1, idle_ms = idle_ms + ?1').run(byMs);
  for (const target of session.targets.all()) {
    session.targets.touch(target);
    const { breaker } = target;
    if (breaker.pausedUntilMs !== null) target.breaker = { ...breaker, pausedUntilMs: breaker.pausedUntilMs + byMs };
    target.nextReadyMs += byMs;
    target.tokensAtMs += byMs;
  }
  if (byMs < 0) forgetFuture(session);
}

/**
 * At start: another life of this process may have written by a clock that has gone back since. What it put ahead must not wait until
 * that time comes again.
 */
export function boundTimes(session: Session): void {
  const { nowMs } = session;
  // Nobody knows how long ago it was, and to tell something twice is better than not at all.
  session.sql('DELETE FROM dedup WHERE accepted_ms > ?').run(nowMs + CLOCK_JUMP_MS);
  const behindMs = latestMs(session) - nowMs;
  if (behindMs > CLOCK_JUMP_MS) shiftTimes(session, -behindMs);
  session
    .sql(`UPDATE deliveries SET expires_ms = min(expires_ms, ?1 + ?2), due_ms = min(due_ms, ?1 + ?3), ready_ms = min(ready_ms, ?1 + ?3),
      hold_until_ms = min(hold_until_ms, ?1 + ?4), first_try_ms = min(first_try_ms, ?1), gone_ms = min(gone_ms, ?1)
      WHERE ended_ms IS NULL AND (expires_ms > ?1 + ?2 OR due_ms > ?1 + ?3 OR hold_until_ms > ?1 + ?4)`)
    .run(nowMs, LIFETIME_MS, LONGEST_PAUSE_MS, LANE_HOLD_MS);
  session.sql('UPDATE events SET pending_due_ms = ?1 WHERE pending_due_ms > ?1').run(nowMs);
  for (const target of session.targets.all()) {
    boundPause(session, target);
    session.targets.refreshReady(target);
  }
}

function boundPause(session: Session, target: Target): void {
  const { breaker } = target;
  const untilMs = session.nowMs + LONGEST_PROBE_MS;
  if (breaker.pausedUntilMs === null || breaker.pausedUntilMs <= untilMs) return;
  session.targets.touch(target).breaker = { ...breaker, pausedUntilMs: untilMs };
}

/** The latest time at which something is known to have happened, as far as indexes tell. */
function latestMs(session: Session): number {
  const ended = [DELIVERED, SUPERSEDED, CANCELLED, DEAD].map(
    (state) => `(SELECT max(ended_ms) FROM deliveries WHERE ended_ms IS NOT NULL AND state = ${state})`,
  );
  const times = ['(SELECT accepted_ms FROM events ORDER BY seq DESC LIMIT 1)', '(SELECT max(at_ms) FROM facts)', ...ended];
  const row = session.sql(`SELECT max(${times.map((time) => `coalesce(${time}, 0)`).join(', ')}) AS at`).get();
  return Number(row?.['at'] ?? 0);
}

/** What happened in a time that has yet to come happened now: it would be kept for too long, and count as newer than all that follows. */
function forgetFuture(session: Session): void {
  const { nowMs } = session;
  session.sql('UPDATE events SET accepted_ms = ?1 WHERE accepted_ms > ?1').run(nowMs);
  session.sql('UPDATE deliveries SET ended_ms = ?1 WHERE ended_ms > ?1').run(nowMs);
  session.sql('UPDATE deliveries SET order_ms = ?1 WHERE order_ms > ?1').run(nowMs);
  session.sql('UPDATE lane_tops SET order_ms = min(order_ms, ?1), at_ms = min(at_ms, ?1) WHERE order_ms > ?1 OR at_ms > ?1').run(nowMs);
  session.sql('UPDATE facts SET at_ms = ?1 WHERE at_ms > ?1').run(nowMs);
  session.sql('UPDATE tallies SET order_ms = min(order_ms, ?1), at_ms = min(at_ms, ?1) WHERE order_ms > ?1 OR at_ms > ?1').run(nowMs);
}
