// Folders of manifests for lint: written as text, broken at a marked place, and judged by one runner.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { catalog } from '../../internal/catalog/catalog.ts';
import { type Folder, readFolder } from '../../internal/config/directory/read-folder.ts';
import { createFluxDialect } from '../../internal/dialects/flux/dialect.ts';
import type { LintFinding, RuleId } from '../../internal/lint/finding.ts';
import { lintFolder } from '../../internal/lint/lint.ts';
import type { Redactor } from '../../internal/sdk/transport.ts';
import { createRedactor } from '../../internal/telemetry/redactor.ts';

export const GROUP = 'notification.toolkit.fluxcd.io';
/** A value that no finding may show. */
export const CANARY = 'canary4Value8Of1Secret';
/** Stands before what a finding has to name, and is not written. */
const MARK = '▸';

type Files = Readonly<Record<string, string>>;

/** Any object; `fields` is the text below its header. */
export function object(kind: string, name: string, fields: string, { namespace = 'apps', version = `${GROUP}/v1beta3` } = {}): string {
  return `---\napiVersion: ${version}\nkind: ${kind}\nmetadata: { name: ${name}, namespace: ${namespace} }\n${fields}\n`;
}

export function alert(name: string, spec: string, namespace = 'apps'): string {
  return object('Alert', name, `spec:\n${indent(spec)}`, { namespace });
}

export function provider(name: string, spec: string, namespace = 'apps'): string {
  return object('Provider', name, `spec:\n${indent(spec)}`, { namespace });
}

export function secret(name: string, values: string, namespace = 'apps'): string {
  return object('Secret', name, `stringData:\n${indent(values)}`, { version: 'v1', namespace });
}

/** What an Alert can be about. */
export function kustomization(name: string, namespace = 'apps', labels = '{}'): string {
  return `---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: ${name}, namespace: ${namespace}, labels: ${labels} }\n`;
}

/** A Provider of commit statuses with one annotation. */
export function annotated(annotation: string): string {
  return provider('hook', 'type: github\naddress: https://github.com/example/fleet\nsecretRef: { name: git }').replace(
    'metadata: { name: hook, namespace: apps }',
    `metadata:\n  name: hook\n  namespace: apps\n  annotations:\n    ${annotation}`,
  );
}

function indent(text: string): string {
  return text
    .trim()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}

export const TO_HOOK = 'providerRef: { name: hook }';
export const ALL = 'eventSources: [{ kind: Kustomization, name: "*" }]';
export const HOOK = provider('hook', 'type: generic\naddress: https://hooks.example.com/flux');
/** All Kustomizations of the namespace, to HOOK. */
export const ALERT = alert('all', `${TO_HOOK}\n${ALL}`);

/** A folder with one mistake, and what lint has to say of it. */
export interface BrokenFolder {
  readonly name: string;
  /** One file, or several by path; one place is marked. */
  readonly in: string | Files;
  readonly want: RuleId;
  readonly severity: 'error' | 'warning';
  readonly message: RegExp;
  readonly hint: RegExp;
  /** What the same mistake also leads to. */
  readonly also?: readonly RuleId[];
}

/** One test for each: the finding is there, at its place, with a hint, and nothing else is found. */
export function testBroken(folders: readonly BrokenFolder[]): void {
  for (const broken of folders) {
    test(`found: ${broken.name}`, async () => {
      const files = typeof broken.in === 'string' ? { 'all.yaml': broken.in } : broken.in;

      const findings = await lintFiles(files);

      const all = JSON.stringify(findings, null, 1);
      assert.deepEqual(findings.map(({ rule }) => rule).toSorted(), [broken.want, ...(broken.also ?? [])].toSorted(), all);
      const finding = findings.find(({ rule }) => rule === broken.want);
      assert.equal(finding?.severity, broken.severity, all);
      assert.match(finding.message, broken.message);
      assert.match(finding.hint, broken.hint);
      assert.deepEqual({ file: finding.file, line: finding.line, column: finding.column }, placeOfMark(files), all);
      assert.ok(!all.includes(CANARY) && !all.includes(Buffer.from(CANARY).toString('base64')), 'no value of a Secret is shown');
    });
  }
}

/** One test for each: nothing is found. */
export function testClean(folders: readonly { readonly name: string; readonly in: string }[]): void {
  for (const clean of folders) {
    test(`left alone: ${clean.name}`, async () => {
      assert.deepEqual(await lintFiles({ 'all.yaml': clean.in }), []);
    });
  }
}

/** What lint finds in these files; `file` of a finding is the path that was given. */
export async function lintFiles(files: Files, redactor: Redactor = createRedactor()): Promise<readonly LintFinding[]> {
  return withFiles(files, async (path) => {
    const findings = await lintFolder(await readPaths([path]), redactor);
    return findings.map((finding) => ({ ...finding, file: relative(path, finding.file) }));
  });
}

/** Writes the files into a folder that is there while `use` runs. */
export async function withFiles<Result>(files: Files, use: (path: string) => Promise<Result>): Promise<Result> {
  const path = mkdtempSync(join(tmpdir(), 'tocsin-lint-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), text.replaceAll(MARK, ''));
    }
    return await use(path);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

/** Reads files and folders as lint does. */
export function readPaths(paths: readonly string[]): Promise<Folder> {
  return readFolder({ paths, dialect: createFluxDialect({ catalog }), monotonicMs: () => performance.now() });
}

function placeOfMark(files: Files): { file: string; line: number; column: number } {
  for (const [file, text] of Object.entries(files)) {
    const lines = text.slice(0, Math.max(0, text.indexOf(MARK))).split('\n');
    if (text.includes(MARK)) return { file, line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
  }
  throw new Error('the folder marks no place');
}
