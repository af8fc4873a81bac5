// Kubernetes Events on Alerts against the recorded ones. Their words are ours and how often they came is free; which Alert,
// type, reason and annotations they have is not.
import { isDeepStrictEqual } from 'node:util';
import type { ExpectedAlertEvent } from './vector.ts';

export interface AlertEvent {
  /** `namespace/name` */
  readonly alert: string;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly component: string;
}

const COMPONENT = 'notification-controller';
/** May come beside the recorded ones where a message is tried again: its first failure, and its end. */
const DISPATCH_FAILED = 'NotificationDispatchFailed';

/** What differs, in words. */
export function compareAlertEvents(
  wanted: readonly ExpectedAlertEvent[],
  observed: readonly AlertEvent[],
  isTriedAgain: boolean,
): readonly string[] {
  const missing = wanted.filter((want) => !observed.some((event) => isSame(want, event)));
  const unexpected = observed.filter(
    (event) => !wanted.some((want) => isSame(want, event)) && !(isTriedAgain && event.reason === DISPATCH_FAILED),
  );
  const strange = observed.filter(({ component }) => component !== COMPONENT);
  return [
    ...missing.map((event) => `missing Event ${describe(event)}`),
    ...unexpected.map((event) => `unexpected Event ${describe(event)}: ${event.message}`),
    ...strange.map((event) => `Event ${describe(event)} comes from ${JSON.stringify(event.component)}`),
  ];
}

function isSame(want: ExpectedAlertEvent, event: AlertEvent): boolean {
  return (
    want.alert === event.alert &&
    want.type === event.type &&
    want.reason === event.reason &&
    isDeepStrictEqual({ ...want.annotations }, { ...event.annotations })
  );
}

function describe({ alert, type, reason, annotations }: ExpectedAlertEvent): string {
  return `${type} ${reason} on ${alert}${annotations === undefined ? '' : ` ${JSON.stringify(annotations)}`}`;
}
