// Everything that is wrong with the manifests of a folder: what reading them found, and what only shows when they are seen
// together. Of a folder nothing else is known, so what may be elsewhere is a warning; in a cluster there is no elsewhere.
import type { ManifestFault } from '../config/manifest.ts';
import type { Folder } from '../config/directory/read-folder.ts';
import type { Redactor } from '../sdk/transport.ts';
import { findClearSecrets } from './clear-secrets.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { checkConfigurations } from './configuration.ts';
import { isTemplated, type LintFinding, RULES, type RuleId } from './finding.ts';
import { indexFolder } from './folder-index.ts';
import { findUnknownKinds } from './kinds.ts';
import { findUnmatchable } from './never-matches.ts';
import { findOverlaps } from './overlap.ts';
import { findMissingProviders, findMissingSecrets } from './references.ts';

/** Accepted by the API server, but never what its author meant. */
const ALWAYS_ERRORS: ReadonlySet<RuleId> = new Set(['bad-pattern', 'bad-expression']);

/** All findings by file and place; `cluster` where the objects are all that there are. The redactor learns every value of a Secret. */
export async function lintFolder(folder: Folder, redactor: Redactor, cluster?: ClusterFacts): Promise<readonly LintFinding[]> {
  const index = indexFolder(folder);
  const { findings, places } = await checkConfigurations(index, redactor);
  const found = [
    ...withoutTemplated(folder)
      .flatMap(fromFault)
      .filter(({ rule }) => rule !== 'unknown-kind' || cluster?.kinds === undefined),
    ...findMissingProviders(index),
    ...findMissingSecrets(index, cluster),
    ...findUnknownKinds(index, cluster?.kinds),
    ...findUnmatchable(index),
    ...findOverlaps(index, (targetKey) => places.get(targetKey)),
    ...findings,
    ...findClearSecrets(index),
  ];
  return [...found, ...nothingToCheck(folder, found, cluster !== undefined)].sort(byPlace);
}

/** A value that Flux fills in before it applies the object cannot be judged by what stands in its place. */
function withoutTemplated({ objects, faults }: Folder): ManifestFault[] {
  const byTitle = new Map(objects.map((object) => [JSON.stringify([object.file, object.title]), object]));
  return faults.filter(({ file, object, field }) => {
    const written = byTitle.get(JSON.stringify([file, object]))?.raw;
    const value = written === undefined || field === '' ? undefined : valueAt(written, field);
    return typeof value !== 'string' || !isTemplated(value);
  });
}

function valueAt(root: unknown, field: string): unknown {
  let value = root;
  const steps = field.split(/[.[\]]+/).filter((part) => part !== '');
  for (const [index, step] of steps.entries()) {
    if (typeof value !== 'object' || value === null) return undefined;
    // The name of an annotation holds dots itself.
    const rest = steps.slice(index).join('.');
    if (Object.hasOwn(value, rest)) return Reflect.get(value, rest);
    if (!Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

function fromFault({ rule, severity, file, line, column, object, field, message, hint }: ManifestFault): LintFinding[] {
  const known = isRule(rule) ? rule : 'schema';
  // An encrypted Secret is what belongs into a repository; its keys can still be judged.
  if (known === 'encrypted' && object.startsWith('Secret/')) return [];
  return [{ rule: known, severity: ALWAYS_ERRORS.has(known) ? 'error' : severity, file, line, column, object, field, message, hint }];
}

function isRule(rule: string | undefined): rule is RuleId {
  return rule !== undefined && Object.hasOwn(RULES, rule);
}

/** A mistyped path, or the wrong cluster, must not look like a clean one. */
function nothingToCheck({ objects, faults }: Folder, found: readonly LintFinding[], isCluster: boolean): LintFinding[] {
  if (found.length > 0 || faults.length > 0 || objects.some(({ kind }) => kind === 'Alert' || kind === 'Provider')) return [];
  return [
    {
      rule: 'nothing-to-check',
      severity: 'warning',
      file: '',
      line: 0,
      column: 0,
      object: '',
      field: '',
      message: `there is no Alert and no Provider ${isCluster ? 'in the cluster' : 'below the paths'}`,
      hint: isCluster
        ? 'Check that it is the right cluster, and that it has the CRDs of Flux or of Tocsin.'
        : 'Check the paths; files end in .yaml, .yml or .json.',
    },
  ];
}

function byPlace(left: LintFinding, right: LintFinding): number {
  if (left.file !== right.file) return left.file < right.file ? -1 : 1;
  return left.line - right.line || left.column - right.column;
}
