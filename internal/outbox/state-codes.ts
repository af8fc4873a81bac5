// The states of a delivery as the numbers that the tables keep.
import { DELIVERY_STATES, type DeliveryState } from './store.ts';

export const WAITING = 0;
export const LEASED = 1;
export const DELIVERED = 2;
export const SUPERSEDED = 3;
export const CANCELLED = 4;
export const DEAD = 5;

export type StateCode = 0 | 1 | 2 | 3 | 4 | 5;

const STATE_CODES: Readonly<Record<DeliveryState, StateCode>> = {
  waiting: WAITING,
  leased: LEASED,
  delivered: DELIVERED,
  superseded: SUPERSEDED,
  cancelled: CANCELLED,
  dead: DEAD,
};

/** The number that a table keeps. */
export function toStateCode(state: DeliveryState): StateCode {
  return STATE_CODES[state];
}

/** The state of that number. */
export function toState(code: number): DeliveryState {
  const state = DELIVERY_STATES[code];
  if (state === undefined) throw new Error(`no state ${code}`);
  return state;
}
