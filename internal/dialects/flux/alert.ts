// Alert → Route.
import type { Metadata } from '../../event/event.ts';
import type { Pattern } from '../../expr/pattern.ts';
import type { ManifestObject, Route, Selector } from '../../routing/route.ts';
import { type ObjectRef, toKey } from '../../sdk/target.ts';
import { type Finding, show, suggest, toFieldPath } from './finding.ts';
import { hashOf } from './hash.ts';
import { AlertSpec, type EventSource, FLUX_SOURCE_KINDS } from './schema.ts';
import { type Explain, isFields, pruneNulls, validateSpec } from './validate.ts';

const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** A Route, or null when the API server would refuse the Alert; either way with everything worth telling its author. */
export interface RouteResult {
  readonly route: Route | null;
  readonly findings: readonly Finding[];
}

/** Compiles an Alert of any accepted version. */
export function toRoute(object: ManifestObject, ref: ObjectRef, compile: (source: string) => Pattern): RouteResult {
  const written = pruneNulls(object['spec'] ?? undefined);
  // The CRDs do not require a spec: such an Alert names no source, so it matches nothing.
  if (written === undefined) return { route: emptyRoute(object, ref), findings: [noSpec()] };
  if (!isFields(written)) return { route: null, findings: [specIsNoMapping()] };
  const { spec, findings } = validateSpec(AlertSpec, written, explainKind);
  if (spec === undefined) return { route: null, findings };
  const inclusions = (spec.inclusionList ?? []).map(compile);
  const exclusions = (spec.exclusionList ?? []).map(compile);
  const route: Route = {
    ref,
    selectors: spec.eventSources.map((source) => toSelector(source, ref.namespace)),
    severity: spec.eventSeverity,
    inclusions,
    exclusions,
    metadata: toPairs(written['eventMetadata']),
    summary: spec.summary ?? '',
    suspended: spec.suspend ?? false,
    targetKey: toKey({ ...ref, name: spec.providerRef.name }),
    object: { ...object, spec },
    hash: hashOf(object),
  };
  return {
    route,
    findings: [...findings, ...badPatterns(inclusions, 'inclusion'), ...badPatterns(exclusions, 'exclusion'), ...advice(spec)],
  };
}

function toSelector(source: EventSource, ownNamespace: string): Selector {
  return {
    kind: source.kind,
    namespace: source.namespace ?? ownNamespace,
    name: source.name,
    matchLabels: source.matchLabels === undefined ? null : toPairs(source.matchLabels),
  };
}

/** A null-prototype copy: a key such as `__proto__` is only data. */
function toPairs(value: unknown): Metadata {
  const pairs: Record<string, string> = Object.create(null) as Record<string, string>;
  if (!isFields(value)) return pairs;
  for (const [key, text] of Object.entries(value)) if (typeof text === 'string') pairs[key] = text;
  return pairs;
}

function emptyRoute(object: ManifestObject, ref: ObjectRef): Route {
  return {
    ref,
    selectors: [],
    severity: '',
    inclusions: [],
    exclusions: [],
    metadata: toPairs(undefined),
    summary: '',
    suspended: false,
    targetKey: toKey({ ...ref, name: '' }),
    object,
    hash: hashOf(object),
  };
}

const explainKind: Explain = (path, value) => {
  if (path[1] !== 'eventSources' || path[3] !== 'kind' || path.length !== 4 || typeof value !== 'string') return undefined;
  const meant = suggest(value, FLUX_SOURCE_KINDS);
  return {
    message: `${toFieldPath(path)} cannot be ${show(value)}: a kind is one word that starts with an upper-case letter`,
    hint: meant === undefined ? `Write the kind of the object, such as ${FLUX_SOURCE_KINDS.join(', ')}.` : `Did you mean ${meant}?`,
  };
};

/** Flux accepts an expression that does not compile, and then treats it as one that never matches. */
function badPatterns(patterns: readonly Pattern[], list: 'inclusion' | 'exclusion'): Finding[] {
  const effect = list === 'inclusion' ? 'it matches nothing' : 'it excludes nothing';
  return patterns.flatMap((pattern, index) =>
    pattern.error === undefined
      ? []
      : [
          {
            path: ['spec', `${list}List`, index],
            message: `spec.${list}List[${index}] is not a valid RE2 expression, so ${effect}`,
            hint: `Mend ${show(pattern.source)}: ${show(pattern.error)}; look-around and back-references do not exist in RE2.`,
            severity: 'warning',
            rule: 'bad-pattern',
          },
        ],
  );
}

function advice(spec: AlertSpec): Finding[] {
  const findings: Finding[] = spec.eventSources.flatMap((source, index) => sourceAdvice(source, ['spec', 'eventSources', index]));
  if (spec.summary !== undefined) {
    findings.push({
      path: ['spec', 'summary'],
      message: 'spec.summary is deprecated',
      hint: 'Write the text into spec.eventMetadata.summary.',
      severity: 'warning',
      rule: 'deprecated-field',
    });
  }
  if (spec.eventSources.length === 0) {
    findings.push({
      path: ['spec', 'eventSources'],
      message: 'spec.eventSources is empty, so this Alert matches nothing',
      hint: 'Add the kind and the name of the objects whose events are wanted.',
      severity: 'warning',
      rule: 'never-matches',
    });
  }
  return findings;
}

function sourceAdvice(source: EventSource, path: readonly (string | number)[]): Finding[] {
  const findings: Finding[] = [];
  const meant = (FLUX_SOURCE_KINDS as readonly string[]).includes(source.kind) ? undefined : suggest(source.kind, FLUX_SOURCE_KINDS);
  if (meant !== undefined) {
    findings.push({
      path: [...path, 'kind'],
      message: `${toFieldPath(path)}.kind ${show(source.kind)} is no kind that Flux reports on`,
      hint: `Did you mean ${meant}?`,
      severity: 'warning',
      rule: 'unknown-kind',
    });
  }
  for (const [key, value] of Object.entries(source.matchLabels ?? {})) {
    if (LABEL_VALUE.test(value)) continue;
    findings.push({
      path: [...path, 'matchLabels', key],
      message: `${toFieldPath([...path, 'matchLabels', key])} is no valid label value, so no object can carry it`,
      hint: 'A label value has at most 63 letters, digits, dashes, dots or underscores.',
      severity: 'warning',
      rule: 'never-matches',
    });
  }
  return findings;
}

function noSpec(): Finding {
  return {
    path: [],
    message: 'the Alert has no spec, so it matches nothing',
    hint: 'Add spec with providerRef and eventSources.',
    severity: 'warning',
    rule: 'never-matches',
  };
}

function specIsNoMapping(): Finding {
  return {
    path: ['spec'],
    message: 'spec must be a mapping',
    hint: 'Write providerRef and eventSources on lines below it.',
    severity: 'error',
  };
}
