// A stored event in words: a row of a list, or all of it with its verdicts and deliveries.
import type { Delivery, StoredEvent } from '../internal/outbox/store.ts';
import { adviceFor } from './advice.ts';
import { describeDelivery } from './delivery-text.ts';
import { describeEvent, describeVerdict } from './explain-text.ts';
import { shorten, toObjectWords, toWords } from './words.ts';

const MESSAGE_CHARS = 60;

export const EVENT_HEADER = ['ID', 'ACCEPTED', 'OBJECT', 'SEVERITY', 'REASON', 'VERDICTS', 'MESSAGE'];

/** A stored event with what was owed for it. */
export interface ShownEvent extends StoredEvent {
  readonly deliveries: readonly Delivery[];
}

/** The cells of a list. */
export function toEventCells({ event, acceptedAtMs, verdicts }: StoredEvent, nowMs: number): string[] {
  const { id, subject, flux } = event;
  return [
    id,
    toWords(acceptedAtMs, nowMs),
    toObjectWords(subject),
    flux.severity || '-',
    flux.reason || '-',
    countVerdicts(verdicts),
    shorten(flux.message, MESSAGE_CHARS),
  ];
}

/** An event, what the Alerts said of it when it came, and what was owed for it, in lines for people. */
export function describeShownEvent({ event, acceptedAtMs, verdicts, revision, deliveries, pending }: ShownEvent, nowMs: number): string[] {
  const owed = deliveries.flatMap((delivery) => {
    const advice = adviceFor(delivery);
    return [...describeDelivery(delivery, nowMs), ...(advice === undefined ? [] : [`  → ${advice}`])];
  });
  return [
    ...describeEvent(event, `accepted ${toWords(acceptedAtMs, nowMs)}`),
    '',
    `Decided ${pending ? 'so far' : 'on arrival'} (configuration ${revision}):`,
    ...(verdicts.length === 0 ? ['  no Alert names this kind and namespace'] : verdicts.flatMap(describeVerdict)),
    '',
    'Deliveries:',
    ...(owed.length === 0 ? ['  nothing was owed'] : owed.map((line) => `  ${line}`)),
  ];
}

/** Such as `2 matched, 1 dropped`; `-` where no Alert was asked. */
function countVerdicts(verdicts: StoredEvent['verdicts']): string {
  const counts = [...Map.groupBy(verdicts, ({ kind }) => kind)].map(([kind, same]) => `${same.length} ${kind}`);
  return counts.join(', ') || '-';
}
