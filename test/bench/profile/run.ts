// Where the time of an event goes: the program under full load with V8's profiler in both of its threads, summed up by part.
//
//   node test/bench/run.ts profile [--seconds 6] [--out file]
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LoadGenerator } from '../../support/load-generator.ts';
import { writeFleet } from '../../support/many-alerts.ts';
import { startProduct } from '../../support/product.ts';
import { untilReady } from '../../support/ready.ts';
import { print } from '../../support/scenarios.ts';
import { CONNECTIONS, QUIET_SECONDS, spreadOf } from '../measure.ts';
import { type CpuProfile, renderThread, type Summary, sumUp } from './sum-up.ts';
import { today, writePage } from '../page.ts';

/** Writing a profile takes a while. */
const STOP_WITHIN_MS = 60_000;

/** Runs the profile with the words of its own command line. */
export async function run(words: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...words],
    options: { seconds: { type: 'string', default: '6' }, out: { type: 'string' } },
  });
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-profile-'));
  const generator = await LoadGenerator.start();
  try {
    const events = await loadProgram(generator, directory, Number(values.seconds));
    const date = today();
    const page = [
      `# Where the time of an event goes, ${date}`,
      '',
      `\`npm run bench -- profile\`: the unbuilt program with one Alert, ${CONNECTIONS} connections as fast as answers come, ${events} events accepted and`,
      'delivered. Shares are of the time that a thread was busy; start-up is part of it.',
      '',
      ...readThreads(directory).flatMap((thread) => renderThread(thread, events)),
    ].join('\n');
    print(page);
    writePage(page, { part: 'profile', out: values.out });
  } finally {
    generator.close();
    rmSync(directory, { recursive: true });
  }
}

/** Returns how many events were accepted. */
async function loadProgram(generator: LoadGenerator, directory: string, seconds: number): Promise<number> {
  const { host, port } = generator.sink;
  writeFleet(join(directory, 'manifests'), { alerts: 1, shape: 'spread', address: `http://${host}:${port}/hook` });
  const product = await startProduct({
    manifests: [join(directory, 'manifests')],
    store: join(directory, 'tocsin.db'),
    logFile: join(directory, 'log'),
    env: { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${join(directory, 'profiles')}` },
  });
  try {
    await untilReady(product);
    const load = await generator.load({ target: product.addresses.events, ...spreadOf({ alerts: 1, shape: 'spread' }), seconds });
    return (await generator.drain(load.from, QUIET_SECONDS)).accepted;
  } finally {
    await product.stop(STOP_WITHIN_MS);
  }
}

/** The busiest first: the main thread, then the writer. */
function readThreads(directory: string): readonly Summary[] {
  const folder = join(directory, 'profiles');
  return readdirSync(folder)
    .map((file) => sumUp(JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile))
    .sort((left, right) => right.busyMs - left.busyMs);
}
