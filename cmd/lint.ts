// `tocsin lint PATH…`: what is wrong with manifests, without a server and without looking at anything else. With --cluster the
// same of what is in a cluster.
import { buffer } from 'node:stream/consumers';
import { type Command, Option } from 'commander';
import { catalog } from '../internal/catalog/catalog.ts';
import type { ReadCluster } from '../internal/config/cluster/read-cluster.ts';
import { readFolder, readObjects } from '../internal/config/directory/read-folder.ts';
import type { ManifestFault } from '../internal/config/manifest.ts';
import { createFluxDialect } from '../internal/dialects/flux/dialect.ts';
import type { LintFinding } from '../internal/lint/finding.ts';
import { lintFolder } from '../internal/lint/lint.ts';
import { type Summary, summarize, toJson, toText } from '../internal/lint/report.ts';
import { toSarif } from '../internal/lint/sarif.ts';
import { toWorkflowCommands } from '../internal/lint/workflow-commands.ts';
import { createRedactor } from '../internal/telemetry/redactor.ts';
import { readConnectedCluster } from './cluster-objects.ts';
import type { Terminal } from './terminal.ts';
import { VERSION } from './version.ts';

const STANDARD_INPUT = '-';
const CLUSTER = 'cluster';
const FORMATS = ['table', 'json', 'sarif', 'github'] as const;

interface LintFlags {
  readonly output: (typeof FORMATS)[number];
  readonly strict: boolean;
  readonly cluster: boolean;
  readonly kubeconfig?: string;
}

const HELP = `
Manifests are judged as they are applied: render charts and overlays first (kustomize build . | tocsin lint -).
Secrets that another tool creates need not be in the folder; where one is, its keys are checked and its values never shown.
Exit codes: 0 no errors (with --strict: no warnings either), 1 findings, 2 wrong usage.

Examples:
  tocsin lint clusters/prod
  tocsin lint clusters/prod --strict --output github          (inline in a pull request)
  tocsin lint --cluster --kubeconfig ~/.kube/config           (what is there now)
`;

/** Adds the command to the program. */
export function addLint(program: Command, terminal: Terminal): void {
  program
    .command('lint')
    .description('say what is wrong with Alerts, Providers and Secrets, with file, line and a hint')
    .argument('[path...]', 'folders or files of manifests; - is the standard input')
    .option('--cluster', 'judge what is in a cluster instead of what is in folders', false)
    .option('--kubeconfig <file>', 'with --cluster: the cluster of the current context; in a pod its own cluster is used without it')
    .addOption(new Option('--output <format>', 'how to print the findings').choices(FORMATS).default('table'))
    .option('--strict', 'fail on warnings too', false)
    .addHelpText('after', HELP)
    .action(async (places: string[], flags: LintFlags, command: Command) => {
      if (flags.cluster === places.length > 0) command.error('error: name folders or files of manifests, or --cluster');
      if (flags.kubeconfig !== undefined && !flags.cluster)
        command.error('error: --kubeconfig says which cluster --cluster judges; name both');
      const { findings, summary } = flags.cluster ? await judgeCluster(flags) : await judgeFolders(places);
      const text = print(findings, summary, flags.output);
      if (text !== '') terminal.print(text);
      if (summary.errors > 0 || (flags.strict && summary.warnings > 0)) process.exitCode = 1;
    });
}

interface Judged {
  readonly findings: readonly LintFinding[];
  readonly summary: Summary;
}

async function judgeFolders(places: readonly string[]): Promise<Judged> {
  const paths = places.filter((place) => place !== STANDARD_INPUT);
  const piped = paths.length < places.length ? { piped: { name: 'standard input', bytes: await buffer(process.stdin) } } : {};
  const dialect = createFluxDialect({ catalog });
  const folder = await readFolder({ paths, ...piped, dialect, monotonicMs: () => performance.now() });
  const findings = await lintFolder(folder, createRedactor());
  return { findings, summary: summarize(findings, folder.files) };
}

async function judgeCluster({ kubeconfig }: LintFlags): Promise<Judged> {
  const redactor = createRedactor();
  const read = await readConnectedCluster(kubeconfig, redactor);
  const folder = readObjects(CLUSTER, read.objects, createFluxDialect({ catalog }));
  const found = await lintFolder({ ...folder, faults: [...folder.faults, ...read.unread.map(toUnreadFault)] }, redactor, read);
  return { findings: found, summary: { ...summarize(found, 0), place: 'the cluster' } };
}

/** What could not be read was not judged, and a clean report must not hide that. */
function toUnreadFault({ what, message }: ReadCluster['unread'][number]): ManifestFault {
  const hint = 'Grant the right to read it, so that it is judged as well.';
  const text = `${what} could not be read: ${message}`;
  return { file: CLUSTER, line: 0, column: 0, object: '', field: '', message: text, hint, severity: 'warning', rule: 'unreadable' };
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
