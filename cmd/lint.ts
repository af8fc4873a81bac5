// `tocsin lint PATH…`: what is wrong with manifests, without a server and without looking at anything else.
import { buffer } from 'node:stream/consumers';
import { type Command, Option } from 'commander';
import { catalog } from '../internal/catalog/catalog.ts';
import { readFolder } from '../internal/config/directory/read-folder.ts';
import { createFluxDialect } from '../internal/dialects/flux/dialect.ts';
import type { LintFinding } from '../internal/lint/finding.ts';
import { lintFolder } from '../internal/lint/lint.ts';
import { type Summary, summarize, toJson, toText } from '../internal/lint/report.ts';
import { toSarif } from '../internal/lint/sarif.ts';
import { toWorkflowCommands } from '../internal/lint/workflow-commands.ts';
import { createRedactor } from '../internal/telemetry/redactor.ts';
import type { Terminal } from './terminal.ts';
import { VERSION } from './version.ts';

const STANDARD_INPUT = '-';
const FORMATS = ['table', 'json', 'sarif', 'github'] as const;

interface LintFlags {
  readonly output: (typeof FORMATS)[number];
  readonly strict: boolean;
}

const HELP = `
Exit codes: 0 no errors (with --strict: no warnings either), 1 findings, 2 wrong usage.
Manifests are judged as they are applied: render charts and overlays first, such as with kustomize build . | tocsin lint -
Secrets that another tool creates need not be in the folder; where one is, its keys are checked and its values never shown.
`;

/** Adds the command to the program. */
export function addLint(program: Command, terminal: Terminal): void {
  program
    .command('lint')
    .description('say what is wrong with Alerts, Providers and Secrets, with file, line and a hint')
    .argument('<path...>', 'folders or files of manifests; - is the standard input')
    .addOption(new Option('--output <format>', 'how to print the findings').choices(FORMATS).default('table'))
    .option('--strict', 'fail on warnings too', false)
    .addHelpText('after', HELP)
    .action(async (places: string[], flags: LintFlags) => {
      const paths = places.filter((place) => place !== STANDARD_INPUT);
      const piped = paths.length < places.length ? { piped: { name: 'standard input', bytes: await buffer(process.stdin) } } : {};
      const dialect = createFluxDialect({ catalog });
      const folder = await readFolder({ paths, ...piped, dialect, monotonicMs: () => performance.now() });
      const findings = await lintFolder(folder, createRedactor());
      const summary = summarize(findings, folder.files);
      const text = print(findings, summary, flags.output);
      if (text !== '') terminal.print(text);
      if (summary.errors > 0 || (flags.strict && summary.warnings > 0)) process.exitCode = 1;
    });
}

function print(findings: readonly LintFinding[], summary: Summary, format: LintFlags['output']): string {
  switch (format) {
    case 'table':
      return toText(findings, summary, isColoured());
    case 'json':
      return toJson(findings, summary);
    case 'sarif':
      return toSarif(findings, VERSION);
    case 'github':
      return toWorkflowCommands(findings);
    default:
      return format satisfies never;
  }
}

/** https://no-color.org */
function isColoured(): boolean {
  return process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';
}
