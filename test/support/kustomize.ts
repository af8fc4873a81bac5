// Builds the kustomizations of manifests/ with kubectl, as users do.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** An object of a build. */
export interface BuiltObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

export const MANIFESTS = join(import.meta.dirname, '../../manifests');

export function kustomize(directory: string): readonly BuiltObject[] {
  const text = execFileSync('kubectl', ['kustomize', directory], { encoding: 'utf8', timeout: 60_000, maxBuffer: 16 * 1024 * 1024 });
  return parseAllDocuments(text).map((document) => document.toJS() as BuiltObject);
}

/** The one object of that kind and name; throws when there is none. */
export function pick(objects: readonly BuiltObject[], kind: string, name: string): BuiltObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`the build has no ${kind} ${name}`);
  return found;
}
