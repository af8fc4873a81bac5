// Provider → Target. Secrets are only named here; they are read at each attempt.
import type { z } from 'zod';
import { type CompiledExpression, compileExpression } from '../../expr/cel.ts';
import type { ManifestObject, ProviderSpec as TargetSpec, Target } from '../../routing/route.ts';
import type { ProviderCatalog, ProviderDefinition } from '../../sdk/provider.ts';
import { type ObjectRef, toKey } from '../../sdk/target.ts';
import { adviseOnAnnotations, compileTargetUrl, STATUS_VARIABLES } from './annotations.ts';
import { toDurationMs } from './duration.ts';
import { type Finding, show, suggest } from './finding.ts';
import { hashOf } from './hash.ts';
import { COMMIT_STATUS_RULE_MESSAGE, FLUX_COMMIT_STATUS_TYPES, FLUX_PROVIDER_TYPES, ProviderSpec } from './schema.ts';
import { isFields, pruneNulls, validateSpec } from './validate.ts';

const DEFAULT_TIMEOUT_MS = 15_000;
/** No delivery is tried for longer than this, and a longer timer would not fit into 31 bits for ever. */
const MAX_TIMEOUT_MS = 86_400_000;

/** A Target, or null when the API server would refuse the Provider; either way with everything worth telling its author. */
export interface TargetResult {
  readonly target: Target | null;
  readonly findings: readonly Finding[];
}

/** Turns a Provider of any accepted version into a Target. */
export function toTarget(object: ManifestObject, ref: ObjectRef, catalog: ProviderCatalog): TargetResult {
  const written = pruneNulls(object['spec'] ?? undefined);
  if (written === undefined) return { target: withoutSpec(object, ref), findings: [noSpec()] };
  if (!isFields(written)) return { target: null, findings: [specIsNoMapping()] };
  const { spec, findings } = validateSpec(ProviderSpec, written, () => undefined);
  if (spec === undefined) return { target: null, findings };
  const definition = catalog.get(spec.type);
  const refused = refusals(spec, definition, catalog);
  if (refused.length > 0) return { target: null, findings: [...refused, ...findings] };
  const statusExpression = compileStatus(spec.commitStatusExpr);
  const annotations = object.metadata.annotations ?? {};
  const targetUrlExpression = compileTargetUrl(annotations);
  const target: Target = {
    ref,
    key: toKey(ref),
    type: spec.type,
    definition: definition ?? null,
    spec: flatten(spec),
    annotations,
    suspended: spec.suspend ?? false,
    timeoutMs: timeoutOf(spec),
    statusExpression,
    ...(targetUrlExpression === undefined ? {} : { targetUrlExpression }),
    object: { ...object, spec },
    hash: hashOf(object),
  };
  const onAnnotations = adviseOnAnnotations(target, takesStatuses(spec.type, definition));
  return { target, findings: [...findings, ...badExpression(statusExpression), ...onAnnotations, ...advice(spec, definition)] };
}

function compileStatus(source: string | undefined): CompiledExpression | { readonly error: string } | null {
  // An empty expression counts as absent.
  if (source === undefined || source === '') return null;
  return compileExpression(source, { result: 'string', variables: STATUS_VARIABLES });
}

function timeoutOf(spec: ProviderSpec): number {
  if (spec.timeout === undefined) return DEFAULT_TIMEOUT_MS;
  return Math.min(Math.max(Math.round(toDurationMs(spec.timeout)), 1), MAX_TIMEOUT_MS);
}

function flatten(spec: ProviderSpec): TargetSpec {
  return {
    type: spec.type,
    ...given('address', spec.address),
    ...given('channel', spec.channel),
    ...given('username', spec.username),
    ...given('proxy', spec.proxy),
    ...given('proxySecretRef', spec.proxySecretRef?.name),
    ...given('secretRef', spec.secretRef?.name),
    ...given('certSecretRef', spec.certSecretRef?.name),
    ...given('serviceAccountName', spec.serviceAccountName),
    ...given('commitStatusExpr', spec.commitStatusExpr),
  };
}

function given<Name extends string>(name: Name, value: string | undefined): { readonly [key in Name]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [key in Name]?: string });
}

function refusals(spec: ProviderSpec, definition: ProviderDefinition | undefined, catalog: ProviderCatalog): Finding[] {
  if (definition === undefined && !FLUX_PROVIDER_TYPES.includes(spec.type)) return [unknownType(spec.type, catalog)];
  if (spec.commitStatusExpr === undefined || takesStatuses(spec.type, definition)) return [];
  return [
    {
      path: ['spec', 'commitStatusExpr'],
      message: COMMIT_STATUS_RULE_MESSAGE,
      hint: `Remove it; the type ${show(spec.type)} sets no commit status.`,
      severity: 'error',
    },
  ];
}

function takesStatuses(type: string, definition: ProviderDefinition | undefined): boolean {
  if (definition === undefined) return FLUX_COMMIT_STATUS_TYPES.includes(type);
  return definition.capabilities.accepts.includes('commit-status');
}

function unknownType(type: string, catalog: ProviderCatalog): Finding {
  const known = [...new Set([...catalog.types, ...FLUX_PROVIDER_TYPES])].sort();
  const meant = suggest(type, known);
  return {
    path: ['spec', 'type'],
    message: `spec.type ${show(type)} is no known Provider type`,
    hint: meant === undefined ? `Use one of ${known.join(', ')}.` : `Did you mean ${meant}?`,
    severity: 'error',
  };
}

/** The CRD does not check the expression; every event that needs it will wait until it is mended. */
function badExpression(expression: Target['statusExpression']): Finding[] {
  if (expression === null || !('error' in expression)) return [];
  return [
    {
      path: ['spec', 'commitStatusExpr'],
      message: `spec.commitStatusExpr does not compile: ${expression.error.slice(0, 500)}`,
      hint: 'Mend the expression; it must be CEL over event, alert and provider whose type is string.',
      severity: 'warning',
      rule: 'bad-expression',
    },
  ];
}

const DEPRECATED: readonly (readonly [field: keyof ProviderSpec, message: string, hint: string])[] = [
  ['proxy', 'spec.proxy is deprecated', 'Put the address into a Secret and name it in spec.proxySecretRef.'],
  ['interval', 'spec.interval is deprecated and has no effect', 'Remove it.'],
];

function advice(spec: ProviderSpec, definition: ProviderDefinition | undefined): Finding[] {
  const findings: Finding[] = DEPRECATED.filter(([field]) => spec[field] !== undefined).map(([field, message, hint]) => ({
    path: ['spec', field],
    message,
    hint,
    severity: 'warning',
    rule: 'deprecated-field',
  }));
  if (spec.timeout !== undefined && toDurationMs(spec.timeout) < 1) {
    findings.push({
      path: ['spec', 'timeout'],
      message: 'spec.timeout is zero, so every attempt fails',
      hint: 'Write a time such as 15s.',
      severity: 'warning',
    });
  }
  if (definition === undefined) {
    const message = `this version cannot send to Providers of type ${show(spec.type)}`;
    findings.push({
      path: ['spec', 'type'],
      message,
      hint: 'Its deliveries wait; `tocsin providers` lists the types that work.',
      severity: 'warning',
      rule: 'unsupported-type',
    });
    return findings;
  }
  return [...findings, ...ignoredFields(spec, definition.config)];
}

/** A field that the type does not read is a mistake more often than not. */
function ignoredFields(spec: ProviderSpec, config: z.ZodObject): Finding[] {
  return (['address', 'channel', 'username'] as const)
    .filter((field) => spec[field] !== undefined && !Object.hasOwn(config.shape, field))
    .map((field) => ({
      path: ['spec', field],
      message: `spec.${field} is not used by the type ${show(spec.type)}`,
      hint: 'Remove it, or check the type.',
      severity: 'warning',
      rule: 'ignored-field',
    }));
}

function withoutSpec(object: ManifestObject, ref: ObjectRef): Target {
  return {
    ref,
    key: toKey(ref),
    type: '',
    definition: null,
    spec: { type: '' },
    annotations: object.metadata.annotations ?? {},
    suspended: false,
    timeoutMs: DEFAULT_TIMEOUT_MS,
    statusExpression: null,
    object,
    hash: hashOf(object),
  };
}

function noSpec(): Finding {
  return {
    path: [],
    message: 'the Provider has no spec, so nothing can be sent',
    hint: 'Add spec with at least type.',
    severity: 'warning',
  };
}

function specIsNoMapping(): Finding {
  return {
    path: ['spec'],
    message: 'spec must be a mapping',
    hint: 'Write type and the other fields on lines below it.',
    severity: 'error',
  };
}
