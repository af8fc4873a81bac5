// What a person could change so that a Route passes the check that stopped it, and how near it came.
import type { Event } from '../event/event.ts';
import { groupOf } from '../event/metadata.ts';
import type { DropReason, PendingReason, Route, Selector, Snapshot, Target, Verdict } from './route.ts';
import { countSlips } from './slips.ts';
import { quoted, subjectName } from './words.ts';

/** Namespaces of the Targets by their name, to find the one that was meant. */
export type NamesakeTargets = ReadonlyMap<string, readonly string[]>;

interface Stopped {
  readonly verdict: Verdict;
  readonly event: Event;
  readonly route: Route;
  readonly target: Target | undefined;
  readonly namesakes: NamesakeTargets;
}

/** The checks in the order of their chain; a Route that came far is near. */
const CHAIN: readonly (DropReason | PendingReason)[] = [
  'suspended',
  'kind-or-namespace',
  'severity',
  'name',
  'labels',
  'labels-unknown',
  'inclusion',
  'exclusion',
  'too-much-work',
  'cross-namespace',
  'provider-missing',
  'provider-suspended',
  'commit-status-update',
  'no-commit',
  'no-change-request',
  'own-failure',
];
/** Two letters swapped, one forgotten: more is another word. */
const MAX_TYPO = 2;
/** Two slips make another word of it. */
const SHORT_WORD = 4;

/** Where Targets of the same name are. */
export function toNamesakes(snapshot: Snapshot): NamesakeTargets {
  const namesakes = new Map<string, string[]>();
  for (const { ref } of snapshot.targets.values()) {
    const known = namesakes.get(ref.name);
    if (known === undefined) namesakes.set(ref.name, [ref.namespace]);
    else known.push(ref.namespace);
  }
  return namesakes;
}

/** Higher is nearer to a match; below 1 the Route has nothing to do with the event. */
export function closenessOf(verdict: Verdict, { subject }: Event, route: Route): number {
  if (verdict.kind === 'matched' || verdict.kind === 'held') return CHAIN.length + 1;
  if (verdict.kind === 'muted') return CHAIN.length;
  const { reason } = verdict;
  if (reason === 'kind-or-namespace') return route.selectors.some((selector) => isAlmostNamed(selector, subject)) ? 1 : 0;
  if (reason === 'suspended') {
    return route.selectors.some(({ kind, namespace }) => kind === subject.kind && namespace === subject.namespace) ? 1.5 : 0;
  }
  return CHAIN.findIndex((check) => check === reason);
}

/** What would have passed, in words; undefined where nobody can say. */
export function remedyOf(stopped: Stopped): string | undefined {
  const { verdict } = stopped;
  if (verdict.kind !== 'dropped' && verdict.kind !== 'pending') return undefined;
  const { event, route, target } = stopped;
  const { subject, flux } = event;
  switch (verdict.reason) {
    case 'suspended':
      return 'it would pass without spec.suspend of the Alert';
    case 'kind-or-namespace':
      return nameKindAndNamespace(event, route);
    case 'severity':
      return `spec.eventSeverity: info would pass, or an event of severity ${route.severity}`;
    case 'name':
      return nameObject(event, route);
    case 'labels':
      return 'it would pass without matchLabels in that entry of spec.eventSources, or with these labels on the object';
    case 'labels-unknown':
      return `it is decided as soon as the labels of ${subjectName(event)} are known`;
    case 'inclusion':
      return `one expression of spec.inclusionList must be found in the message, such as ${quoted(toExpression(flux.message))}; without the list every message passes`;
    case 'exclusion':
      return 'it would pass without that expression in spec.exclusionList, or with one that is not found in this message';
    case 'cross-namespace':
      return `an Alert in namespace ${quoted(subject.namespace)} would pass, or a server without --no-cross-namespace-refs`;
    case 'provider-missing':
      return findProvider(stopped);
    case 'provider-suspended':
      return 'it would pass without spec.suspend of the Provider';
    case 'commit-status-update':
      return `a Provider that sets commit statuses or a generic webhook takes such events; type ${target?.type ?? ''} never does`;
    case 'no-commit':
      return `it would pass with ${groupOf(subject.apiVersion)}/commit_status: update or event.toolkit.fluxcd.io/commit in the event's metadata, or with severity error`;
    case 'no-change-request':
      return 'it would pass with the annotation event.toolkit.fluxcd.io/change_request on the object';
    case 'own-failure':
      return 'an Alert with another Provider would pass';
    case 'too-much-work':
      return 'a simpler expression would be decided at once; this one is decided a moment later';
    case 'no-snapshot':
      return 'it is decided as soon as the manifests are read';
    case 'nothing-to-send':
      return undefined;
    default:
      return verdict satisfies never;
  }
}

function nameKindAndNamespace({ subject }: Event, { selectors }: Route): string {
  if (subject.kind === '') return 'its sender has to say in involvedObject what it is about: no Alert asks for events without a kind';
  const wanted = `an entry of spec.eventSources with kind: ${subject.kind} and namespace: ${subject.namespace} would pass`;
  const almost = selectors.find((selector) => isAlmostNamed(selector, subject));
  if (almost === undefined) return wanted;
  if (almost.kind === subject.kind) return `${wanted}; ${askForTypo(almost.namespace, subject.namespace)}`;
  // Controllers send the group of a kind; one without is what a person wrote, and of no kind that there is.
  const isMadeUp = groupOf(subject.apiVersion) === '';
  return `${wanted}; ${isMadeUp ? askForTypo(subject.kind, almost.kind) : askForTypo(almost.kind, subject.kind)}`;
}

function askForTypo(written: string, meant: string): string {
  return `is ${quoted(written)} a mistyped ${quoted(meant)}?`;
}

function nameObject({ subject }: Event, { selectors }: Route): string {
  const almost = selectors.find(({ name }) => isAlmost(name, subject.name));
  const question = almost === undefined ? '' : `; ${askForTypo(almost.name, subject.name)}`;
  return `name: ${subject.name} or name: '*' would pass${question}`;
}

function findProvider({ route, namesakes }: Stopped): string {
  const name = route.targetKey.slice(route.targetKey.lastIndexOf('/') + 1);
  const { namespace } = route.ref;
  const wanted = `a Provider ${quoted(name)} in namespace ${quoted(namespace)} would pass`;
  const elsewhere = namesakes.get(name);
  if (elsewhere !== undefined) {
    const places = elsewhere.slice(0, 3).map(quoted).join(', ');
    return `${wanted}; there is one in namespace ${places}, but an Alert only reaches Providers of its own namespace`;
  }
  for (const [other, namespaces] of namesakes) {
    if (namespaces.includes(namespace) && isAlmost(other, name)) return `${wanted}; ${askForTypo(name, other)}`;
  }
  return wanted;
}

/** The beginning of a message as an expression that finds it. */
function toExpression(message: string): string {
  const [line = ''] = message.split('\n', 1);
  return line.slice(0, 40).replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function isAlmostNamed(selector: Selector, subject: { readonly kind: string; readonly namespace: string }): boolean {
  if (selector.kind === subject.kind) return isAlmost(selector.namespace, subject.namespace);
  return selector.namespace === subject.namespace && isAlmost(selector.kind, subject.kind);
}

/** True for words that differ by a slip of the keyboard, and are not the same. */
function isAlmost(left: string, right: string): boolean {
  if (left === right || Math.abs(left.length - right.length) > MAX_TYPO) return false;
  const allowed = Math.min(left.length, right.length) <= SHORT_WORD ? 1 : MAX_TYPO;
  return countSlips(left.toLowerCase(), right.toLowerCase()) <= allowed;
}
