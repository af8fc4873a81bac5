// Fenced blocks of the pages that users read, so that tests can hold what is shown against what is.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A fenced block. */
export interface Snippet {
  /** Relative to the repository. */
  readonly page: string;
  /** Of its first line inside the fence. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** Why it is not run, from a comment `<!-- not run: … -->` right above it. */
  readonly exemption?: string;
}

/** A command of a block, and what the block shows of its output. */
export interface Step {
  readonly line: number;
  readonly command: string;
  /** Undefined where the block shows commands alone, so that nothing is compared. */
  readonly output?: string;
}

const ROOT = join(import.meta.dirname, '..', '..');
const FENCE = /^```(\S*)\s*$/;
const EXEMPTION = /^<!-- not run: (.+) -->$/;

/** The pages for users; a vendor's page is held against its definition by `npm run gen`. */
export const PAGES: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...globSync('{cmd,manifests/**}/*.md', { cwd: ROOT })
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted(),
];

/** Pages whose commands need more than a shell, and the test that holds them against it. */
export const HELD_BY: Readonly<Record<string, string>> = {
  'manifests/SWITCHING.md': 'test/cluster/manifests.test.ts',
  'manifests/guides/several-replicas.md': 'test/cluster/manifests.test.ts',
};

/** The text of a page. */
export function readPage(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

/** Every fenced block of a page, in order; a fence that is never closed is an error. */
export function findSnippets(page: string, text: string): readonly Snippet[] {
  const lines = text.split('\n');
  const found: Snippet[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const language = FENCE.exec(lines[at] ?? '')?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf('```', at + 1);
    if (end < 0) throw new Error(`${page}:${at + 1}: this fence is never closed`);
    const exemption = EXEMPTION.exec(lines[at - 1] ?? '')?.[1];
    const body = lines.slice(at + 1, end).join('\n');
    found.push({ page, line: at + 2, language, text: body, ...(exemption === undefined ? {} : { exemption }) });
    at = end;
  }
  return found;
}

/** Whether the block holds commands. */
export function isRunnable({ language }: Snippet): boolean {
  return language === 'sh' || language === 'console';
}

/** A block as commands: in an `sh` block every line is one, in a `console` block what stands behind `$ `. */
export function toSteps(snippet: Snippet): readonly Step[] {
  return snippet.language === 'console' ? toShownSteps(snippet) : toPlainSteps(snippet);
}

/** A line goes on in the next one behind a backslash or an open quote. */
function toPlainSteps({ line, text }: Snippet): readonly Step[] {
  const steps: { line: number; command: string }[] = [];
  for (const [index, next] of text.split('\n').entries()) {
    const last = steps.at(-1);
    if (last !== undefined && isOpen(last.command)) last.command += `\n${next}`;
    else if (next.trim() !== '') steps.push({ line: line + index, command: next });
  }
  return steps;
}

function isOpen(command: string): boolean {
  return command.endsWith('\\') || command.split("'").length % 2 === 0;
}

function toShownSteps({ page, line, text }: Snippet): readonly Step[] {
  const steps: { line: number; command: string; output: string[] }[] = [];
  for (const [index, shown] of text.split('\n').entries()) {
    const last = steps.at(-1);
    if (shown.startsWith('$ ')) steps.push({ line: line + index, command: shown.slice(2), output: [] });
    else if (last === undefined) throw new Error(`${page}:${line + index}: a console block starts with a command behind "$ "`);
    else last.output.push(shown);
  }
  return steps.map((step) => ({ ...step, output: step.output.join('\n') }));
}

/** The file that a block shows, named by a comment on its first line: `# fleet/apps.yaml`. */
export function fileNameOf({ text }: Snippet): string | undefined {
  return /^# ([\w./-]+\.\w+)$/m.exec(text.split('\n')[0] ?? '')?.[1];
}
