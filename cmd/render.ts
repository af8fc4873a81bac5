// `tocsin render`: what would be sent for an event, by each Alert that matches or by a Provider that is named. Sends nothing.
import { type Command, Option } from 'commander';
import type { UsedLimit } from '../internal/preview/limits.ts';
import { AdminError } from './admin-client.ts';
import { readForProviders } from './environment.ts';
import { nameInput, parseObjectName, readEventBody, toInputEvent, toTestBody } from './event-input.ts';
import { APPLIED, type EventWords, withEventWords } from './event-words.ts';
import { openFolder } from './folder.ts';
import { type FolderFlags, hasFolder, withFolderFlags } from './folder-flags.ts';
import { foresee, foreseeProvider, type Outlook } from './outlook.ts';
import type { Terminal } from './terminal.ts';
import { printable } from './words.ts';

interface RenderFlags extends FolderFlags, EventWords {
  readonly event?: string;
  readonly provider?: string;
  readonly showPath: boolean;
  readonly output: 'json' | 'table';
}

const HELP = `
Values of Secrets are masked. Of addresses scheme and host are shown: the path of a webhook is often a credential.
Exit codes: 0 rendered, 1 something cannot be sent as it is configured, 2 wrong usage.

Examples:
  tocsin render Kustomization/apps/web --severity error --manifests clusters/prod
  tocsin render --event event.json --provider apps/slack --manifests clusters/prod
`;
const MAX_BODY_LINES = 80;

/** Adds the command to the program. */
export function addRender(program: Command, terminal: Terminal): void {
  const command = program
    .command('render')
    .description('show what would be sent for an event: requests, use of the limits, the message as text');
  withFolderFlags(command, 'whose Alerts and Providers are used')
    .argument('[object]', 'make up an event about this Kind/namespace/name')
    .option('--event <file>', 'the event as JSON; - reads standard input')
    .option('--provider <namespace/name>', 'what this Provider would send, whatever the Alerts say');
  withEventWords(command, APPLIED)
    .option('--show-path', 'show paths and queries of addresses too, with the secrets in them masked', false)
    .addOption(new Option('--output <format>', 'how to print it').choices(['json', 'table']).default('table'))
    .addHelpText('after', HELP)
    .action(async (what: string | undefined, flags: RenderFlags) => {
      const object = what === undefined ? undefined : parseObjectName(what);
      if (what !== undefined && object === undefined) command.error(`error: ${what} is not an object; write Kind/namespace/name`);
      if (!hasFolder(flags)) command.error('error: name the folder of manifests with --manifests, or a cluster with --kubeconfig');
      if ((object === undefined) === (flags.event === undefined))
        command.error('error: name an object or --event FILE, and one of them only');
      const body = object === undefined ? await readEventBody(flags.event ?? '-') : toTestBody(object, flags, terminal.nowMs());
      await render(body, flags, terminal);
    });
}

async function render(body: string, flags: RenderFlags, terminal: Terminal): Promise<void> {
  const event = toInputEvent(body, flags.event === undefined ? 'the made-up event' : nameInput(flags.event), terminal);
  const folder = await openFolder(flags);
  const options = { folder, nowMs: terminal.nowMs(), showPath: flags.showPath, environment: readForProviders(process.env) };
  let previews: readonly Outlook[];
  if (flags.provider === undefined) previews = await foresee(event, options);
  else {
    const target = folder.snapshot.targets.get(`flux//${flags.provider}`);
    if (target === undefined)
      throw new AdminError(`there is no usable Provider ${flags.provider} in the folder; "tocsin lint" says what is wrong`);
    previews = [await foreseeProvider(event, target, options)];
  }
  if (previews.some(({ fault }) => fault !== undefined)) process.exitCode = 1;
  if (flags.output === 'json') return terminal.print(JSON.stringify({ items: previews }, null, 2));
  if (previews.length === 0)
    return terminal.print('No Alert matches this event, so nothing would be sent; "tocsin explain" with the same flags says why.');
  terminal.print(previews.map((preview) => describe(preview).join('\n')).join('\n\n'));
}

function describe({ provider, type, alert, requests, limits, picture, notes, fault, hint }: Outlook): string[] {
  const from = alert === undefined ? '' : `, from Alert ${alert}`;
  return [
    `${type} ${provider}${from}`,
    ...(fault === undefined ? [] : [`  cannot be sent (${fault.reason}): ${printable(fault.message)}`]),
    ...(hint === undefined ? [] : [`  → ${printable(hint)}`]),
    ...notes.map((note) => `  note: ${printable(note)}`),
    ...requests.flatMap((request) => [
      '',
      `  ${request.method} ${printable(request.url)}`,
      ...request.headers.map(([name, value]) => `  ${printable(name)}: ${printable(value)}`),
      ...(request.body === undefined ? [] : ['', ...toBodyLines(request.body).map((line) => `  ${line}`)]),
    ]),
    ...(limits.length === 0 ? [] : ['', '  Limits:', ...limits.map((limit) => `    ${describeLimit(limit)}`)]),
    ...(picture.length === 0 ? [] : ['', '  As a person reads it:', ...picture.map((line) => `    | ${printable(line)}`.trimEnd())]),
  ];
}

function describeLimit({ what, used, allowed }: UsedLimit): string {
  const count = allowed.toLocaleString('en');
  if (used === undefined) return `at most ${count} ${what}`;
  return `${used.toLocaleString('en')} of ${count} ${what} (${Math.round((100 * used) / allowed)} %)`;
}

function toBodyLines(body: string): readonly string[] {
  const lines = pretty(body).split('\n').map(printable);
  return lines.length <= MAX_BODY_LINES
    ? lines
    : [...lines.slice(0, MAX_BODY_LINES), `… and ${lines.length - MAX_BODY_LINES} further lines; --output json has them`];
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    // Not JSON: it is shown as it is.
    return body;
  }
}
