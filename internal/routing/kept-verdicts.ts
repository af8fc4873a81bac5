// How much of what was decided is stored with an event.
import type { Verdict } from './route.ts';

/** With a thousand Alerts on one kind and namespace, a record of every drop would outweigh the event a hundred times. */
const KEPT_DROPS = 100;

/** Every verdict but the drops after the first hundred: `explain` works those out again, as it does for Routes that were no candidates. */
export function toKeptVerdicts(verdicts: readonly Verdict[]): readonly Verdict[] {
  if (verdicts.length <= KEPT_DROPS) return verdicts;
  let drops = 0;
  return verdicts.filter((verdict) => verdict.kind !== 'dropped' || ++drops <= KEPT_DROPS);
}
