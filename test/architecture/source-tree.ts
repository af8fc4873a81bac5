// Reads the source tree once for the architecture tests: files, their text and what they import.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

export interface SourceFile {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

export interface Import {
  /** Repository path for our own files, the package name (or `node:x`) otherwise. */
  readonly target: string;
  readonly own: boolean;
}

const IMPORT = /(?:^|\n)\s*(?:import|export)\s[^'";]*?from\s+'([^']+)'|(?:^|\n)\s*import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/g;

/** Every TypeScript file of these top-level folders. */
export function readSources(folders: readonly string[]): readonly SourceFile[] {
  return folders.flatMap((folder) => walk(join(root, folder))).map(toSource);
}

function walk(path: string): string[] {
  if (statSync(path).isFile()) return path.endsWith('.ts') ? [path] : [];
  return readdirSync(path)
    .filter((name) => name !== 'node_modules')
    .flatMap((name) => walk(join(path, name)));
}

function toSource(path: string): SourceFile {
  const text = readFileSync(path, 'utf8');
  const imports = [...text.matchAll(IMPORT)].map((match) => toImport(path, match[1] ?? match[2] ?? match[3] ?? ''));
  return { path: relative(root, path), text, imports };
}

function toImport(from: string, specifier: string): Import {
  if (specifier.startsWith('.')) return { target: relative(root, resolve(dirname(from), specifier)), own: true };
  if (specifier.startsWith('node:')) return { target: specifier, own: false };
  const parts = specifier.split('/');
  return { target: specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? ''), own: false };
}
