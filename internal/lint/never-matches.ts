// Alerts, or parts of them, that can match no event. What a folder does not hold may be elsewhere, so a kind is only
// judged when the folder holds objects of that kind.
import { suggest } from '../dialects/flux/finding.ts';
import type { FolderObject } from '../config/directory/read-folder.ts';
import type { Route, Selector } from '../routing/route.ts';
import { covers, matchesEverything } from './coverage.ts';
import { findingAt, isTemplated, type LintFinding, listed, type Path } from './finding.ts';
import type { FolderIndex } from './folder-index.ts';

type Fault = Pick<LintFinding, 'severity' | 'message' | 'hint'> & { readonly path: Path };
type Objects = NonNullable<ReturnType<FolderIndex['objectsOf']>>;

const OBJECT_NAME = /^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/;
const NAMESPACE = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const MAX_SCANNED_OBJECTS = 1_000;

/** Looks at every Alert that is not suspended. */
export function findUnmatchable(index: FolderIndex): LintFinding[] {
  return index.alerts.flatMap((alert) => {
    const { route } = alert;
    if (route === null || route.suspended) return [];
    const faults = [
      ...listFaults(route),
      ...route.selectors.flatMap((selector, position) => sourceFaults(index, route, selector, position)),
    ];
    return faults.map(({ path, ...words }) => findingAt(alert, path, { rule: 'never-matches', ...words }));
  });
}

function listFaults({ inclusions, exclusions }: Route): Fault[] {
  const all = exclusions.findIndex(matchesEverything);
  if (all >= 0) {
    const message = `spec.exclusionList[${all}] matches every message, so the Alert matches nothing`;
    return [{ path: ['spec', 'exclusionList', all], severity: 'error', message, hint: 'Remove it, or exclude only certain messages.' }];
  }
  const covered = inclusions.map((inclusion) => exclusions.findIndex((exclusion) => covers(exclusion, inclusion)));
  const isDead = inclusions.length > 0 && inclusions.every(({ error }, index) => error !== undefined || (covered[index] ?? -1) >= 0);
  return covered.flatMap((exclusion, inclusion) => {
    if (exclusion < 0) return [];
    const effect = isDead ? 'the Alert matches nothing' : 'this expression has no effect';
    return [
      {
        path: ['spec', 'inclusionList', inclusion],
        severity: isDead ? ('error' as const) : ('warning' as const),
        message: `spec.exclusionList[${exclusion}] excludes whatever spec.inclusionList[${inclusion}] includes, so ${effect}`,
        hint: 'An event must match the inclusion list and nothing of the exclusion list: make one of the two narrower.',
      },
    ];
  });
}

function sourceFaults(index: FolderIndex, route: Route, selector: Selector, position: number): Fault[] {
  const path = ['spec', 'eventSources', position];
  if (isTemplated(selector.namespace) || isTemplated(selector.name)) return [];
  const wildcard = wildcardFaults(selector, path);
  if (wildcard.length > 0) return wildcard;
  const objects = index.objectsOf(selector.kind);
  if (objects === undefined) return [];
  const fault = namespaceFault(objects, route, selector, path) ?? nameFault(objects, selector, path) ?? labelFault(objects, selector, path);
  return fault === undefined ? [] : [fault];
}

/** Only a whole name may be `*`; the API server does not check that. */
function wildcardFaults({ namespace, name }: Selector, path: Path): Fault[] {
  const faults: Fault[] = [];
  if (!NAMESPACE.test(namespace)) {
    const hint = namespace.includes('*')
      ? 'There is no wildcard for namespaces: add an entry for each namespace.'
      : 'Write the name of a namespace in lower case.';
    faults.push({ path: [...path, 'namespace'], severity: 'error', message: 'no namespace can be called like this', hint });
  }
  if (name !== '*' && !OBJECT_NAME.test(name)) {
    const hint = name.includes('*')
      ? 'Only * alone stands for every name: write the whole name, or * with matchLabels.'
      : 'Write the name of the object in lower case, or * for every object.';
    faults.push({ path: [...path, 'name'], severity: 'error', message: 'no object can be called like this', hint });
  }
  return faults;
}

function namespaceFault(objects: Objects, route: Route, { kind, namespace, name }: Selector, path: Path): Fault | undefined {
  if (objects.has(namespace)) return undefined;
  const others = [...objects.keys()];
  const holders = name === '*' ? others : others.filter((other) => objects.get(other)?.has(name) === true);
  const message = `there is no ${kind} in the namespace ${namespace}; there are some in ${listed(others)}`;
  const isImplied = namespace === route.ref.namespace;
  const meant = suggest(namespace, others) ?? (holders.length === 1 ? holders[0] : undefined);
  const advice = meant === undefined ? 'Name the namespace of the objects.' : `Did you mean ${meant}?`;
  const hint = isImplied ? `${advice} Without a namespace an entry means the Alert's own.` : advice;
  return { path: [...path, 'namespace'], severity: 'warning', message, hint };
}

function nameFault(objects: Objects, { kind, namespace, name }: Selector, path: Path): Fault | undefined {
  const names = objects.get(namespace);
  if (name === '*' || names === undefined || names.has(name)) return undefined;
  const message = `there is no ${kind} ${name} in the namespace ${namespace}`;
  const elsewhere = [...objects].filter(([, others]) => others.has(name)).map(([other]) => other);
  const meant = suggest(name, [...names.keys()].slice(0, MAX_SCANNED_OBJECTS));
  const hint =
    elsewhere.length > 0
      ? `It is in ${listed(elsewhere)}: name that namespace.`
      : meant === undefined
        ? `The folder has ${listed([...names.keys()])} there.`
        : `Did you mean ${meant}?`;
  return { path: [...path, 'name'], severity: 'warning', message, hint };
}

function labelFault(objects: Objects, { kind, namespace, name, matchLabels }: Selector, path: Path): Fault | undefined {
  const wanted = Object.entries(matchLabels ?? {});
  if (wanted.length === 0) return undefined;
  const there = [...(objects.get(namespace)?.values() ?? [])].slice(0, MAX_SCANNED_OBJECTS);
  const candidates = there.filter((object) => name === '*' || object.name === name);
  if (candidates.length === 0 || candidates.some(({ labels }) => wanted.every(([key, value]) => labels[key] === value))) return undefined;
  const message = `no ${kind} in the namespace ${namespace} carries these labels`;
  return { path: [...path, 'matchLabels'], severity: 'warning', message, hint: hintForLabels(candidates, wanted) };
}

function hintForLabels(candidates: readonly FolderObject[], wanted: readonly (readonly [string, string])[]): string {
  for (const [key, value] of wanted) {
    const present = candidates.flatMap(({ labels }) => labels[key] ?? []);
    if (present.includes(value)) continue;
    if (present.length > 0) return `Objects there have ${key}: ${listed(present)}.`;
    const meant = suggest(
      key,
      candidates.flatMap(({ labels }) => Object.keys(labels)),
    );
    return meant === undefined ? `No object there has a label ${key}.` : `Did you mean ${meant}?`;
  }
  return 'One object must carry all of them.';
}
