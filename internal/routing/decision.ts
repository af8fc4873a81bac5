// What deciding an event yields: the hand-over from routing to the outbox.
import type { PlannedDelivery } from '../outbox/store.ts';
import type { Notice, Verdict } from './route.ts';

/** Everything that was decided about one event, ready to be appended. */
export interface Decision {
  readonly verdicts: readonly Verdict[];
  readonly deliveries: readonly PlannedDelivery[];
  readonly notices: readonly Notice[];
  readonly revision: string;
}
