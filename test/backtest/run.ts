// How long `tocsin backtest` takes over a store full of events, asked of a real server by a real process.
//
//   node test/backtest/run.ts [--events 100000]
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { systemClock } from '../../cmd/system-clock.ts';
import { openSqliteOutbox } from '../../internal/outbox/sqlite/outbox.ts';
import { flagsToAsk } from '../support/command.ts';
import { PROGRAM, startProduct } from '../support/product.ts';
import { fleetOf, projectStored, storeEvents } from '../support/stored-events.ts';

const { values } = parseArgs({ options: { events: { type: 'string', default: '100000' } } });
const folder = mkdtempSync(join(tmpdir(), 'tocsin-backtest-'));
const manifests = join(folder, 'manifests');
const edited = join(folder, 'edited.yaml');
const store = join(folder, 'outbox.db');
const ADDRESS = 'http://127.0.0.1:9/';

try {
  await fill(Number(values.events));
  mkdirSync(manifests);
  writeFileSync(join(manifests, 'all.yaml'), fleetOf('error', ADDRESS));
  writeFileSync(edited, fleetOf('info', ADDRESS));
  const product = await startProduct({ manifests: [manifests], store, logFile: join(folder, 'log') });
  await run('over a running server', ['backtest', '--alert', edited, '--limit', '1', ...flagsToAsk(product, store)]);
  const exported = await run('export', ['events', '--limit', '0', '--output', 'jsonl', ...flagsToAsk(product, store)]);
  await product.stop();
  const file = join(folder, 'events.jsonl');
  writeFileSync(file, exported);
  await run('over the exported file', ['backtest', '--alert', edited, '--limit', '1', '--events', file]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function fill(count: number): Promise<void> {
  const outbox = await openSqliteOutbox({ path: store, project: projectStored, clock: systemClock, random: Math.random });
  await storeEvents(outbox, count, Date.now());
  await outbox.close();
}

/** What it printed; its progress, its time and its memory go to standard output here. */
async function run(what: string, args: readonly string[]): Promise<string> {
  const startedMs = performance.now();
  const peak = "process.on('exit', () => process.stderr.write(`peak ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB\\n`))";
  const child = spawn(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(peak)}`, PROGRAM, ...args]);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const told = args[0] === 'events' ? `${stdout.split('\n').length - 1} lines, ${Math.round(stdout.length / 2 ** 20)} MiB` : stdout.trim();
  process.stdout.write(`${what}: ${seconds} s\n${told}\n${stderr}\n`);
  return stdout;
}
