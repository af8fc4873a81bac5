// What annotations of a Provider turn on for statuses of commits. Without them a forge is told what Flux tells it.

type Annotations = Readonly<Record<string, string>>;

/** `enabled`: work that goes on is shown as `pending` on every forge, and what a newer commit leaves open is closed. */
export const PENDING_ANNOTATION = 'tocsin.dev/pending-status';

/** A CEL expression over event, provider and alert: the page that a status links to. */
export const TARGET_URL_ANNOTATION = 'tocsin.dev/target-url';

/** `enabled`: one status for the whole commit beside those of its objects; `only`: in their place. */
export const AGGREGATE_ANNOTATION = 'tocsin.dev/aggregate';

export type Aggregation = 'off' | 'beside' | 'only';

/** Whether a whole commit gets a status. */
export function aggregationOf(annotations: Annotations = {}): Aggregation {
  const wanted = valueOf(annotations, AGGREGATE_ANNOTATION);
  if (wanted === 'only') return 'only';
  return wanted === 'enabled' ? 'beside' : 'off';
}

/** Whether work that goes on is to be shown. */
export function wantsPending(annotations: Annotations = {}): boolean {
  return valueOf(annotations, PENDING_ANNOTATION) === 'enabled';
}

function valueOf(annotations: Annotations, name: string): string | undefined {
  return Object.hasOwn(annotations, name) ? annotations[name] : undefined;
}
