// Where the results of a bench go.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { print } from '../support/scenarios.ts';

/** The day of a run, as its page is named. */
export function today(): string {
  return new Date().toISOString().slice(0, 10);
}

/** Writes the page and says where: `results/DAY[-part].md` unless `out` names a file. */
export function writePage(text: string, { part, out }: { readonly part?: string; readonly out: string | undefined }): void {
  const file = out ?? join(import.meta.dirname, 'results', `${today()}${part === undefined ? '' : `-${part}`}.md`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  print(`written to ${file}`);
}
