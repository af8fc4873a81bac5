// The recorded answers of an API server with Flux's CRDs to objects that were sent as a dry run.
import { readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';

export interface RecordedObject {
  readonly name: string;
  readonly note: string;
  readonly given: { readonly manifest: Readonly<Record<string, unknown>> & { readonly apiVersion: string; readonly kind: string } };
  readonly then: { readonly accepted: boolean; readonly message?: string; readonly defaulted?: Readonly<Record<string, unknown>> };
}

const CASES = join(import.meta.dirname, '../compat/cases');

/** All of them, each with whether our CRDs differ on purpose. */
export function recordedObjects(): readonly (RecordedObject & { readonly isDeviating: boolean })[] {
  const deviations = lines('deviations.tsv').map((line) => line.split('\t')[0] ?? '');
  return lines('crd.jsonl').map((line) => {
    const recorded = JSON.parse(line) as RecordedObject;
    return { ...recorded, isDeviating: deviations.some((pattern) => matchesGlob(recorded.name, pattern)) };
  });
}

function lines(file: string): readonly string[] {
  return readFileSync(join(CASES, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}
