// The findings as text for people and as JSON for programs. SARIF and workflow commands have files of their own.
import type { LintFinding } from './finding.ts';

/** What was looked at, and how much was found. */
export interface Summary {
  readonly files: number;
  /** Instead of files. */
  readonly place?: string;
  readonly errors: number;
  readonly warnings: number;
}

/** How many findings of each severity there are. */
export function summarize(findings: readonly LintFinding[], files: number): Summary {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  return { files, errors, warnings: findings.length - errors };
}

const CODES = { error: 31, warning: 33, hint: 2 } as const;

/** Two lines for each finding, the first in the form that editors and terminals make a link of, and a line that sums up. */
export function toText(findings: readonly LintFinding[], summary: Summary, isColoured: boolean): string {
  const paint = (style: keyof typeof CODES, text: string) => (isColoured ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text);
  const blocks = findings.map(({ rule, severity, object, message, hint, ...place }) => {
    const subject = object === '' ? '' : `${oneLine(object)}: `;
    return `${toPlace(place)}: ${paint(severity, severity)}: ${subject}${oneLine(message)} [${rule}]\n  ${paint('hint', oneLine(hint))}`;
  });
  const { files, errors, warnings, place } = summary;
  const counts = findings.length === 0 ? 'no faults' : `${count(errors, 'error')}, ${count(warnings, 'warning')}`;
  return [...blocks, `${counts} in ${place ?? count(files, 'file')}`].join('\n');
}

/** The findings with what they add up to. */
export function toJson(findings: readonly LintFinding[], summary: Summary): string {
  return JSON.stringify({ items: findings, summary }, null, 2);
}

function toPlace({ file, line, column }: Pick<LintFinding, 'file' | 'line' | 'column'>): string {
  if (file === '') return 'lint';
  return line === 0 ? oneLine(file) : `${oneLine(file)}:${line}:${column}`;
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** Control characters cannot disturb a terminal. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
}
