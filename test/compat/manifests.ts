// Writes the objects of cases as a folder that Tocsin reads.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { namespaceOf, type ManifestObject, type Vector } from './vector.ts';

/** One file per case: its objects as JSON documents of a YAML stream. Returns how many objects there are. */
export function writeManifests(directory: string, vectors: readonly Vector[]): number {
  mkdirSync(directory, { recursive: true });
  let objects = 0;
  for (const vector of vectors) {
    const documents = (vector.given.objects ?? []).map((object) => JSON.stringify(asCreated(object)));
    objects += documents.length;
    writeFileSync(join(directory, `${namespaceOf(vector)}.yaml`), documents.map((document) => `---\n${document}\n`).join(''));
  }
  return objects;
}

/** What the API server adds at creation; expressions can see it. */
function asCreated(object: ManifestObject): ManifestObject {
  if (object.kind === 'Secret') return object;
  return { ...object, metadata: { ...object.metadata, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' } };
}
