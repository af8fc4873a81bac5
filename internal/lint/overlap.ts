// Alerts that send the same event to the same place twice. Only what overlaps for certain is told: where two expressions
// or labels may or may not meet, nothing is said.
import type { FolderObject } from '../config/directory/read-folder.ts';
import type { Pattern } from '../expr/pattern.ts';
import type { Route, Selector } from '../routing/route.ts';
import { covers } from './coverage.ts';
import { findingAt, type LintFinding, placeOf } from './finding.ts';
import type { FolderIndex } from './folder-index.ts';

/** As many earlier Alerts of one place and object are compared; where there are more, the first few say enough. */
const MAX_COMPARED = 50;

interface Entry {
  readonly alert: FolderObject;
  readonly route: Route;
  readonly selector: Selector;
}

interface Bucket {
  /** By exact name, and `*`. */
  readonly byName: Map<string, Entry[]>;
  readonly all: Entry[];
}

/**
 * Compares the Alerts that send to one place. `placeOfTarget` says by its key where a Provider sends to; undefined for a
 * Provider to which sending twice does no harm, such as one that sets statuses.
 */
export function findOverlaps(index: FolderIndex, placeOfTarget: (targetKey: string) => string | undefined): LintFinding[] {
  const buckets = new Map<string, Bucket>();
  return index.alerts.flatMap((alert) => {
    const { route } = alert;
    if (route === null || route.suspended) return [];
    const place = placeOfTarget(route.targetKey);
    if (place === undefined) return [];
    const earlier = route.selectors
      .map((selector, position) => ({ position, other: findEarlier(buckets, place, { alert, route, selector }) }))
      .find(({ other }) => other !== undefined);
    for (const selector of route.selectors) add(buckets, place, { alert, route, selector });
    return earlier?.other === undefined ? [] : [toFinding(alert, route, earlier.position, earlier.other)];
  });
}

function toFinding(alert: FolderObject, route: Route, position: number, other: Entry): LintFinding {
  const isSameProvider = other.route.targetKey === route.targetKey;
  const place = isSameProvider ? 'the same Provider' : `the same place, by the Provider ${other.route.targetKey.split('/').at(-1)}`;
  const { kind, namespace, name } = narrower(route.selectors[position] ?? other.selector, other.selector);
  const events = `${other.route.severity === 'error' || route.severity === 'error' ? 'errors' : 'events'} of ${kind} ${name} in ${namespace}`;
  return findingAt(alert, ['spec', 'eventSources', position], {
    rule: 'overlapping-alerts',
    severity: 'warning',
    message: `${events} are also sent by ${other.alert.title} (${placeOf(other.alert)}) to ${place}, so they arrive twice`,
    hint: 'Make one of the two narrower, by name, labels, severity or exclusionList, or remove it.',
  });
}

function narrower(left: Selector, right: Selector): Selector {
  return left.name === '*' ? right : left;
}

function keyOf(place: string, { kind, namespace }: Selector): string {
  return JSON.stringify([place, kind, namespace]);
}

function add(buckets: Map<string, Bucket>, place: string, entry: Entry): void {
  const key = keyOf(place, entry.selector);
  const bucket = buckets.get(key) ?? { byName: new Map<string, Entry[]>(), all: [] };
  buckets.set(key, bucket);
  if (bucket.all.length < MAX_COMPARED) bucket.all.push(entry);
  const named = bucket.byName.get(entry.selector.name) ?? [];
  bucket.byName.set(entry.selector.name, named);
  if (named.length < MAX_COMPARED) named.push(entry);
}

function findEarlier(buckets: ReadonlyMap<string, Bucket>, place: string, entry: Entry): Entry | undefined {
  const { name } = entry.selector;
  const bucket = buckets.get(keyOf(place, entry.selector));
  if (bucket === undefined) return undefined;
  const candidates = name === '*' ? bucket.all : [...(bucket.byName.get(name) ?? []), ...(bucket.byName.get('*') ?? [])];
  return candidates.find((other) => other.alert !== entry.alert && overlaps(entry, other));
}

function overlaps(left: Entry, right: Entry): boolean {
  return labelsMeet(left.selector, right.selector) && messagesMeet(left.route, right.route);
}

/** True when every object that one of the two takes is taken by the other. */
function labelsMeet({ matchLabels: left }: Selector, { matchLabels: right }: Selector): boolean {
  if (left === null || right === null) return true;
  return isPartOf(left, right) || isPartOf(right, left);
}

function isPartOf(part: Readonly<Record<string, string>>, whole: Readonly<Record<string, string>>): boolean {
  return Object.entries(part).every(([key, value]) => whole[key] === value);
}

/** True when some message passes the lists of both. */
function messagesMeet(left: Route, right: Route): boolean {
  if (left.inclusions.length === 0 && right.inclusions.length === 0) return true;
  if (left.inclusions.length === 0) return isLetThrough(right.inclusions, left, right);
  if (right.inclusions.length === 0) return isLetThrough(left.inclusions, left, right);
  const shared = left.inclusions.filter((one) => right.inclusions.some((other) => covers(other, one)));
  const sharedBack = right.inclusions.filter((one) => left.inclusions.some((other) => covers(other, one)));
  return isLetThrough([...shared, ...sharedBack], left, right);
}

/** True when neither Alert excludes all that one of the expressions includes. */
function isLetThrough(inclusions: readonly Pattern[], left: Route, right: Route): boolean {
  const exclusions = [...left.exclusions, ...right.exclusions];
  return inclusions.some((inclusion) => inclusion.error === undefined && !exclusions.some((exclusion) => covers(exclusion, inclusion)));
}
