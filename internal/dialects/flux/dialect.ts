// The flux dialect: Alert → Route, Provider → Target. Pure: no I/O, no clock.
import { type Pattern, toPattern } from '../../expr/pattern.ts';
import type { ManifestObject, Route, Target } from '../../routing/route.ts';
import type { ProviderCatalog } from '../../sdk/provider.ts';
import type { ObjectRef } from '../../sdk/target.ts';
import { type RouteResult, toRoute } from './alert.ts';
import { type Finding, show, suggest } from './finding.ts';
import { type TargetResult, toTarget } from './provider.ts';
import { unknownKeys } from './validate.ts';

const GROUP = 'notification.toolkit.fluxcd.io';
/** No other group of Flux has an Alert or a Provider. */
const FAMILY = 'fluxcd.io';
const STORAGE_VERSION = 'v1beta3';
const VERSIONS = ['v1beta1', 'v1beta2', 'v1beta3', 'v1'];
const REMOVED_VERSIONS = ['v1beta1', 'v1beta2'];
const KINDS = ['Alert', 'Provider'];
const MAX_SHARED_PATTERNS = 10_000;
const TOP_FIELDS = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];

/** What one manifest turned into; both null when it is refused. */
export interface Translation {
  readonly route: Route | null;
  readonly target: Target | null;
  readonly findings: readonly Finding[];
}

export interface FluxDialect {
  readonly name: string;
  /** True for every object that this dialect answers for, also for those that it will refuse. */
  claims(object: { readonly apiVersion: string; readonly kind: string }): boolean;
  translate(object: ManifestObject): Translation;
  toRoute(object: ManifestObject): RouteResult;
  toTarget(object: ManifestObject): TargetResult;
}

/** The dialect over the Provider types of a catalog. */
export function createFluxDialect(options: { readonly catalog: ProviderCatalog }): FluxDialect {
  const { catalog } = options;
  // Alerts repeat the same few expressions, and a compiled one takes kilobytes.
  const patterns = new Map<string, Pattern>();
  const compile = (source: string): Pattern => {
    const known = patterns.get(source);
    if (known !== undefined) return known;
    const pattern = toPattern(source);
    const [oldest] = patterns.keys();
    if (oldest !== undefined && patterns.size >= MAX_SHARED_PATTERNS) patterns.delete(oldest);
    patterns.set(source, pattern);
    return pattern;
  };
  const asRoute = (object: ManifestObject) => toRoute(object, refOf(object), compile);
  const asTarget = (object: ManifestObject) => toTarget(object, refOf(object), catalog);
  return {
    name: 'flux',
    claims,
    translate: (object) => translate(object, asRoute, asTarget),
    toRoute: asRoute,
    toTarget: asTarget,
  };
}

function translate(
  object: ManifestObject,
  asRoute: (object: ManifestObject) => RouteResult,
  asTarget: (object: ManifestObject) => TargetResult,
): Translation {
  const header = headerFindings(object);
  if (header.some((finding) => finding.severity === 'error')) return { route: null, target: null, findings: header };
  const top = [...header, ...unknownKeys(object, TOP_FIELDS, [])];
  if (object.kind === 'Alert') {
    const { route, findings } = asRoute(object);
    return { route, target: null, findings: [...findings, ...top] };
  }
  const { target, findings } = asTarget(object);
  return { route: null, target, findings: [...findings, ...top] };
}

function claims(object: { readonly apiVersion: string; readonly kind: string }): boolean {
  const { group } = split(object.apiVersion);
  // Receivers are another part's; their manifests pass without a word.
  if (group === GROUP) return object.kind !== 'Receiver';
  return KINDS.includes(object.kind) && (object.apiVersion === '' || group.endsWith(FAMILY) || suggest(group, [GROUP]) !== undefined);
}

function headerFindings(object: ManifestObject): Finding[] {
  const { group, version } = split(object.apiVersion);
  if (group !== GROUP) return [wrongGroup(object)];
  if (!KINDS.includes(object.kind)) return [wrongKind(object)];
  if (!VERSIONS.includes(version)) return [wrongVersion(object, version)];
  if (!REMOVED_VERSIONS.includes(version)) return [];
  return [
    {
      path: ['apiVersion'],
      message: `apiVersion ${GROUP}/${version} is deprecated`,
      hint: `Write ${GROUP}/${STORAGE_VERSION}; the fields are the same.`,
      severity: 'warning',
      rule: 'deprecated-field',
    },
  ];
}

function wrongGroup(object: ManifestObject): Finding {
  const hint = `Write ${GROUP}/${STORAGE_VERSION}.`;
  return {
    path: ['apiVersion'],
    message: object.apiVersion === '' ? 'apiVersion is required' : `apiVersion ${show(object.apiVersion)} is unknown`,
    hint,
    severity: 'error',
  };
}

function wrongKind(object: ManifestObject): Finding {
  const meant = suggest(object.kind, [...KINDS, 'Receiver']);
  const hint = meant === undefined ? 'The kinds of this group are Alert, Provider and Receiver.' : `Did you mean ${meant}?`;
  return { path: ['kind'], message: `kind ${show(object.kind)} does not exist in ${GROUP}`, hint, severity: 'error' };
}

function wrongVersion(object: ManifestObject, version: string): Finding {
  const message = version === '' ? 'apiVersion lacks the version' : `apiVersion ${show(object.apiVersion)} is unknown`;
  return { path: ['apiVersion'], message, hint: `Write ${GROUP}/${STORAGE_VERSION}.`, severity: 'error' };
}

function split(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf('/');
  // The core group has no name; a group without a version is what a person forgot to finish.
  if (slash < 0) return apiVersion === GROUP ? { group: GROUP, version: '' } : { group: '', version: apiVersion };
  return { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

function refOf(object: ManifestObject): ObjectRef {
  const { namespace, name, uid } = object.metadata;
  return { dialect: 'flux', tenant: '', namespace, name, uid };
}
