// When a delivery is tried again, and for how long. Pure: the caller brings time and chance.

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** A delivery that is not through this long after acceptance is dead. */
export const LIFETIME_MS = 24 * HOUR_MS;
/** Tries that count; a deferral does not. */
export const MAX_ATTEMPTS = 200;
/** How long a not-found may be an ingress that is being reloaded. */
export const NOT_FOUND_GRACE_MS = 10 * MINUTE_MS;
/** How long a Target may be missing before what is owed to it is dead. */
export const TARGET_GONE_GRACE_MS = HOUR_MS;
/** How often something that waits for changed configuration is tried all the same. */
export const TARGET_CHANGE_RETRY_MS = 15 * MINUTE_MS;
/** How long a failing head holds the deliveries behind it in its lane. */
export const LANE_HOLD_MS = 2 * MINUTE_MS;

const STEPS_MS = [2 * SECOND_MS, 10 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS] as const;
const LAST_STEP_MS = HOUR_MS;
const JITTER = 0.25;
/** No pause is longer, whatever was asked for. */
export const LONGEST_PAUSE_MS = LAST_STEP_MS * (1 + JITTER);

/** So often a moment that was asked for is taken at its word. */
export const FREE_DEFERRALS = 5;
const LONGEST_PATIENCE_MS = 5 * MINUTE_MS;

const MIN_RETRY_AFTER_MS = SECOND_MS;
const MAX_RETRY_AFTER_MS = HOUR_MS;

/** The pause after the given number of tries that failed; `random` in [0, 1) spreads it by a quarter either way. */
export function retryDelayMs(attempts: number, random: number): number {
  const stepMs = STEPS_MS[Math.max(0, attempts - 1)] ?? LAST_STEP_MS;
  return Math.round(stepMs * (1 - JITTER + 2 * JITTER * random));
}

/** What an overloaded other side that always asks for a moment gets at the least, after the given number of such answers. */
export function patienceMs(deferrals: number, random: number): number {
  return Math.min(LONGEST_PATIENCE_MS, retryDelayMs(deferrals - FREE_DEFERRALS, random));
}

/** What the other side asked for, within reason. */
export function clampRetryAfterMs(afterMs: number): number {
  if (Number.isNaN(afterMs)) return MIN_RETRY_AFTER_MS;
  return Math.min(MAX_RETRY_AFTER_MS, Math.max(MIN_RETRY_AFTER_MS, Math.round(afterMs)));
}
