// The chain of checks between an event and a Route: each has a name, the first that does not pass is the reason.
// The order is Flux's (flux.md 2.5, 2.7), so that what a person reads is what Flux would have done first.
import { annotatedChangeRequest, annotatedCommit, isCommitStatusUpdate } from '../enrich/commit-status.ts';
import { type Event, OWN_ORIGIN } from '../event/event.ts';
import type { Pattern } from '../expr/pattern.ts';
import { matchLabels } from './labels.ts';
import type { DropReason, LabelSource, Notice, PendingReason, Route, Selector, Target } from './route.ts';
import { crossNamespaceNotice, providerMissingNotice, quoted, targetNames } from './words.ts';

/** What a check may look at and leave behind. */
export interface Inspection {
  readonly event: Event;
  readonly group: string;
  readonly route: Route;
  /** undefined when there is no such Provider. */
  readonly target: Target | undefined;
  readonly labels: LabelSource;
  readonly noCrossNamespaceRefs: boolean;
  /** undefined = it would take more time than there is now. */
  readonly search: (pattern: Pattern, text: string) => boolean | undefined;
  /** The selectors that passed so far. */
  selectors: readonly Selector[];
  readonly notices: Notice[];
}

/** undefined = passed. */
export type Objection =
  | { readonly kind: 'dropped'; readonly reason: DropReason; readonly detail: string }
  | { readonly kind: 'pending'; readonly reason: PendingReason; readonly detail: string }
  | undefined;

export type Check = (inspection: Inspection) => Objection;

/** Runs the chain; undefined when every check passes. */
export function findObjection(inspection: Inspection): Objection {
  for (const check of CHECKS) {
    const objection = check(inspection);
    if (objection !== undefined) return objection;
  }
  return undefined;
}

function isActive({ route }: Inspection): Objection {
  return route.suspended ? drop('suspended', 'spec.suspend of the Alert is true') : undefined;
}

function namesKindAndNamespace(inspection: Inspection): Objection {
  const { kind, namespace } = inspection.event.subject;
  const found = inspection.selectors.filter((selector) => selector.kind === kind && selector.namespace === namespace);
  if (found.length > 0) {
    inspection.selectors = found;
    return undefined;
  }
  const named = listed(inspection.selectors.map((selector) => `${selector.kind} in ${quoted(selector.namespace)}`));
  const about = kind === '' ? 'the event names no kind of object' : `the event is about a ${kind} in ${quoted(namespace)}`;
  return drop('kind-or-namespace', `${about}, spec.eventSources names ${named}`);
}

function acceptsSeverity({ event, route }: Inspection): Objection {
  const { severity } = event.flux;
  if (route.severity === 'info' || severity === route.severity) return undefined;
  return drop(
    'severity',
    `the event's severity is ${quoted(severity)}, spec.eventSeverity is ${quoted(route.severity)}; info would let every event pass`,
  );
}

function namesObject(inspection: Inspection): Objection {
  const { name } = inspection.event.subject;
  const found = inspection.selectors.filter((selector) => selector.name === '*' || selector.name === name);
  if (found.length > 0) {
    inspection.selectors = found;
    return undefined;
  }
  const named = listed(inspection.selectors.map((selector) => quoted(selector.name)));
  return drop('name', `the object is called ${quoted(name)}, spec.eventSources names ${named}; * would match every name`);
}

function isIncluded(inspection: Inspection): Objection {
  const { inclusions } = inspection.route;
  if (inclusions.length === 0) return undefined;
  for (const pattern of inclusions) {
    const found = searchMessage(inspection, pattern, 'inclusion');
    if (found === undefined) return tooMuchWork(inspection, pattern);
    if (found) return undefined;
  }
  const sources = listed(
    inclusions.map(({ source, error }) => (error === undefined ? quoted(source) : `${quoted(source)} (which does not compile)`)),
  );
  return drop('inclusion', `the message ${excerpt(inspection)} matches nothing of spec.inclusionList: ${sources}`);
}

function isNotExcluded(inspection: Inspection): Objection {
  for (const pattern of inspection.route.exclusions) {
    const found = searchMessage(inspection, pattern, 'exclusion');
    if (found === undefined) return tooMuchWork(inspection, pattern);
    if (found) return drop('exclusion', `the message ${excerpt(inspection)} matches ${quoted(pattern.source)} of spec.exclusionList`);
  }
  return undefined;
}

function mayCrossNamespaces(inspection: Inspection): Objection {
  const { event, route, noCrossNamespaceRefs } = inspection;
  if (!noCrossNamespaceRefs || event.subject.namespace === route.ref.namespace) return undefined;
  inspection.notices.push(crossNamespaceNotice(event, route));
  const detail = `the event is about an object in ${quoted(event.subject.namespace)}, the Alert is in ${quoted(route.ref.namespace)}, and --no-cross-namespace-refs is set`;
  return drop('cross-namespace', detail);
}

function hasProvider(inspection: Inspection): Objection {
  if (inspection.target !== undefined) return undefined;
  inspection.notices.push(providerMissingNotice(inspection.event, inspection.route));
  const { namespace, name } = targetNames(inspection.route);
  return { kind: 'pending', reason: 'provider-missing', detail: `there is no Provider ${name} in the namespace ${namespace}` };
}

function hasActiveProvider({ target }: Inspection): Objection {
  return target?.suspended === true ? drop('provider-suspended', `spec.suspend of the Provider ${target.ref.name} is true`) : undefined;
}

function takesStatusUpdates({ event, group, target }: Inspection): Objection {
  const capabilities = target?.definition?.capabilities;
  if (capabilities === undefined || capabilities.commitStatusUpdates || !isCommitStatusUpdate(event.flux.metadata, group)) return undefined;
  return drop(
    'commit-status-update',
    `the event only updates a commit status (${group}/commit_status is update), which Providers of type ${target?.type} do not take`,
  );
}

function hasCommit({ event, group, target }: Inspection): Objection {
  const { metadata, severity } = event.flux;
  if (!takesOnly(target, 'commit-status') || annotatedCommit(metadata) !== '') return undefined;
  if (isCommitStatusUpdate(metadata, group) || severity === 'error') return undefined;
  return drop(
    'no-commit',
    `the event names no commit: event.toolkit.fluxcd.io/commit is empty, ${group}/commit_status is not update, and the severity is not error`,
  );
}

function hasChangeRequest({ event, target }: Inspection): Objection {
  if (!takesOnly(target, 'change-request') || annotatedChangeRequest(event.flux.metadata) !== '') return undefined;
  return drop('no-change-request', 'the event names no change request: event.toolkit.fluxcd.io/change_request is empty');
}

/** That a Provider fails, or what could not be sent through it, is never told through itself. */
function isNotAboutItsProvider({ event, target }: Inspection): Objection {
  if (event.origin !== OWN_ORIGIN || target === undefined) return undefined;
  const { kind, namespace, name } = event.subject;
  if (kind !== 'Provider' || namespace !== target.ref.namespace || name !== target.ref.name) return undefined;
  return drop(
    'own-failure',
    `the event is about the Provider ${quoted(name)} and would be sent through it; let this Alert use another one`,
  );
}

const CHECKS: readonly Check[] = [
  isActive,
  namesKindAndNamespace,
  acceptsSeverity,
  namesObject,
  matchLabels,
  isIncluded,
  isNotExcluded,
  mayCrossNamespaces,
  hasProvider,
  hasActiveProvider,
  takesStatusUpdates,
  hasCommit,
  hasChangeRequest,
  isNotAboutItsProvider,
];

function takesOnly(target: Target | undefined, what: 'commit-status' | 'change-request'): boolean {
  const accepts = target?.definition?.capabilities.accepts ?? [];
  return accepts.includes(what) && !accepts.includes('event');
}

/** An expression that does not compile is reported and matches nothing. */
function searchMessage(inspection: Inspection, pattern: Pattern, list: 'inclusion' | 'exclusion'): boolean | undefined {
  if (pattern.error === undefined) return inspection.search(pattern, inspection.event.flux.message);
  const { event, route, notices } = inspection;
  notices.push({
    route: route.ref,
    reason: 'InvalidConfig',
    message: `failed to compile ${list} regex: ${pattern.source}`,
    subject: event.subject,
  });
  return false;
}

function tooMuchWork({ event }: Inspection, pattern: Pattern): Objection {
  const detail = `searching ${quoted(pattern.source)} in a message of ${event.flux.message.length} characters takes more time than there is before the answer`;
  return { kind: 'pending', reason: 'too-much-work', detail };
}

function drop(reason: DropReason, detail: string): Objection {
  return { kind: 'dropped', reason, detail };
}

const EXCERPT_CHARS = 80;
const LISTED = 5;

function excerpt({ event }: Inspection): string {
  const { message } = event.flux;
  return quoted(message.length > EXCERPT_CHARS ? `${message.slice(0, EXCERPT_CHARS)}…`.toWellFormed() : message);
}

function listed(items: readonly string[]): string {
  if (items.length === 0) return 'nothing';
  const shown = [...new Set(items)];
  const rest = shown.length - LISTED;
  return rest > 0 ? `${shown.slice(0, LISTED).join(', ')} and ${rest} more` : shown.join(', ');
}
