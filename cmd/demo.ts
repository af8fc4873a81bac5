// `tocsin demo`: the whole way of an event on one machine, with a receiver that shows what arrives.
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { request } from 'undici';
import { startApplication } from './application.ts';
import { thisBuild } from './build.ts';
import { startDemoReceiver } from './demo-receiver.ts';
import { readEnvironment } from './environment.ts';
import { InputError } from './event-input.ts';
import { checkAddress } from './flags.ts';
import { StartupError } from './listen.ts';
import { describeReadError } from './read-error.ts';
import { addServeFlags, type ServeSettings } from './serve-flags.ts';
import { stopSignal } from './signals.ts';
import type { Terminal } from './terminal.ts';

/** The manifests of the samples name it. */
const RECEIVER_PORT = 9798;
/** So that a person can follow, and so that each event's messages are seen before the next. */
const BETWEEN_EVENTS_MS = 700;

interface DemoFlags {
  readonly manifests: string;
  readonly events: string;
  readonly eventsAddr: string;
  readonly adminAddr: string;
}

const HELP = `
The samples name 127.0.0.1:${RECEIVER_PORT}, where the demo plays Slack, GitHub and two webhooks. The store is a temporary one,
removed at the end.
Exit codes: 0 ended by Ctrl-C or SIGTERM, 1 it cannot start, 2 wrong usage.

Examples:
  tocsin demo
`;

/** Adds the command to the program. */
export function addDemo(program: Command, terminal: Terminal): void {
  program
    .command('demo')
    .description('serve the samples, post sample events, and show what arrives where')
    .addOption(new Option('--manifests <dir>', 'folder of manifests').default(sample('samples'), 'the samples'))
    .addOption(new Option('--events <dir>', 'folder of events to post').default(sample('sample-events'), 'the sample events'))
    .option('--events-addr <address>', 'where events are taken', checkAddress, '127.0.0.1:9090')
    .option('--admin-addr <address>', 'the admin API', checkAddress, '127.0.0.1:9797')
    .addHelpText('after', HELP)
    .action((flags: DemoFlags) => demo(flags, terminal));
}

function sample(name: string): string {
  return fileURLToPath(new URL(`../manifests/${name}`, import.meta.url));
}

async function demo(flags: DemoFlags, terminal: Terminal): Promise<void> {
  const events = await readEvents(flags.events);
  const receiver = await startDemoReceiver(RECEIVER_PORT, (line) => terminal.print(`     arrived  ${line}`)).catch((cause: unknown) => {
    throw new StartupError(`the demo cannot listen on 127.0.0.1:${RECEIVER_PORT}, where the samples send to: ${describeError(cause)}`, {
      cause,
    });
  });
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-demo-'));
  try {
    await serveEvents(events, flags, join(folder, 'outbox.db'), terminal);
  } finally {
    await receiver.close();
    await rm(folder, { recursive: true, force: true });
  }
}

interface SampleEvent {
  readonly file: string;
  readonly body: string;
}

async function readEvents(folder: string): Promise<readonly SampleEvent[]> {
  try {
    const files = (await readdir(folder)).filter((name) => name.endsWith('.json')).toSorted();
    return await Promise.all(files.map(async (file) => ({ file, body: await readFile(join(folder, file), 'utf8') })));
  } catch (cause) {
    throw new InputError(`cannot read the events in ${folder}: ${describeReadError(cause)}`, { cause });
  }
}

async function serveEvents(events: readonly SampleEvent[], flags: DemoFlags, store: string, terminal: Terminal): Promise<void> {
  const application = await startApplication(toSettings(flags, store), await readEnvironment(process.env), thisBuild);
  const { addresses } = application;
  const signal = stopSignal();
  try {
    terminal.print(
      `Tocsin takes events at http://${addresses.events}; Slack, GitHub and two webhooks are played by 127.0.0.1:${RECEIVER_PORT}.\n`,
    );
    for (const { file, body } of events) {
      if (signal.aborted) return;
      await post(`http://${addresses.events}`, file, body, terminal);
      await pause(BETWEEN_EVENTS_MS);
    }
    terminal.print(farewell(addresses, store, flags));
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    await application.stop();
  }
}

function describeError(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

async function post(url: string, file: string, body: string, terminal: Terminal): Promise<void> {
  const answer = await request(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  await answer.body.dump();
  const id = answer.headers['tocsin-event'];
  terminal.print(`${file}: ${answer.statusCode}, event ${typeof id === 'string' ? id : '-'}`);
}

/** The settings of a quiet server on loopback, from the same flags that a user would write. */
function toSettings(flags: DemoFlags, store: string): ServeSettings {
  const anyPort = ['--metrics-addr', '--health-addr', '--receiverAddr'].flatMap((name) => [name, '127.0.0.1:0']);
  const chosen = ['--events-addr', flags.eventsAddr, '--admin-addr', flags.adminAddr];
  const command = addServeFlags(new Command()).parse(
    ['--manifests', flags.manifests, '--store', `sqlite:${store}`, '--log-level', 'error', ...chosen, ...anyPort],
    { from: 'user' },
  );
  return command.opts<ServeSettings>();
}

function farewell(addresses: Readonly<Record<string, string>>, store: string, flags: DemoFlags): string {
  const asking = `--store sqlite:${store}${flags.adminAddr === '127.0.0.1:9797' ? '' : ` --admin-addr ${flags.adminAddr}`}`;
  return `
It stays up; end it with Ctrl-C. Metrics: http://${addresses['metrics']}/metrics  Health: http://${addresses['health']}/readyz?verbose

Post an event of your own:
  curl -i http://${addresses['events']} -d '{"involvedObject":{"apiVersion":"kustomize.toolkit.fluxcd.io/v1","kind":"Kustomization","namespace":"apps","name":"mine"},"severity":"error","reason":"HealthCheckFailed","message":"hello from curl"}'

Ask what became of it, from another terminal:
  npm run --silent tocsin -- deliveries ${asking}
  npm run --silent tocsin -- explain <id from the Tocsin-Event header> ${asking}
`;
}
