// GitHub workflow commands, which a pull request shows beside the lines that they name.
// https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
import type { LintFinding } from './finding.ts';

/** One command for each finding. */
export function toWorkflowCommands(findings: readonly LintFinding[]): string {
  return findings.map(toCommand).join('\n');
}

function toCommand({ rule, severity, file, line, column, object, message, hint }: LintFinding): string {
  const place: readonly (readonly [string, string | number])[] = [
    ...(file === '' ? [] : [['file', file] as const]),
    ...(line === 0 ? [] : [['line', line] as const, ['col', column] as const]),
    ['title', `tocsin ${rule}`],
  ];
  const properties = place.map(([name, value]) => `${name}=${escapeProperty(String(value))}`).join(',');
  return `::${severity} ${properties}::${escapeData(`${object === '' ? '' : `${object}: `}${message}\n${hint}`)}`;
}

/** What ends a command, or begins an escape. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** The same, and what ends a property. */
function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
