// One custom resource → a Route or a Target, and what is wrong with it.
import { type Finding, type ManifestDialect, type ManifestFault, toFieldName, toManifestObject } from '../manifest.ts';
import type { Route, Target } from '../../routing/route.ts';
import type { ClusterObject } from './ports.ts';

const HELD_HINT = 'The last good version stays in use.';

/** A fault of one field of an object of the cluster. */
export interface ObjectFinding extends Omit<Finding, 'path'> {
  readonly field: string;
}

/** What an object means; both null = it is refused. */
export interface ReadObject {
  readonly route: Route | null;
  readonly target: Target | null;
  readonly findings: readonly ObjectFinding[];
}

/** Translates an object; what is ours or changes with every write of anybody is no part of what it says. */
export function readObject(object: ClusterObject, dialect: ManifestDialect): ReadObject {
  const { status: _status, ...rest } = object;
  const { resourceVersion: _version, ...metadata } = object.metadata;
  const header = toManifestObject({ ...rest, metadata });
  if (header.object === null) return { route: null, target: null, findings: header.findings.map(toObjectFinding) };
  const { route, target, findings } = dialect.translate(header.object);
  return { route, target, findings: findings.map(toObjectFinding) };
}

/** A finding as the list of faults shows it; an object of a cluster has no file. */
export function toFault(object: string, finding: ObjectFinding, isServed: boolean): ManifestFault {
  const hint = isServed && finding.severity === 'error' ? `${finding.hint} ${HELD_HINT}` : finding.hint;
  return { ...finding, hint, file: 'cluster', line: 0, column: 0, object };
}

function toObjectFinding({ path, ...finding }: Finding): ObjectFinding {
  return { ...finding, field: toFieldName(path) };
}
