// Measures the program beside the limits of the same machine in the same run, and writes the results as a page.
//
//   node test/bench/run.ts [--rounds 3] [--seconds 4] [--sizes 1,100,...] [--program file] [--out file]
//   node test/bench/run.ts git|providers [...]   one part alone; its file says which options it takes
//
// Without --program the bundle is built and measured, as the image runs it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { buildGo, hasGo, LoadGenerator } from '../support/load-generator.ts';
import { writeFleet } from '../support/many-alerts.ts';
import { print } from '../support/scenarios.ts';
import { buildBundle } from './bundle.ts';
import { today, writePage } from './page.ts';
import { renderReport, renderTargets, toTargets } from './report.ts';
import { type Round, runRound } from './round.ts';

const ROOT = join(import.meta.dirname, '..', '..');

const PARTS: Readonly<Record<string, () => Promise<{ readonly run: (words: readonly string[]) => Promise<void> }>>> = {
  cluster: () => import('./cluster/run.ts'),
  profile: () => import('./profile/run.ts'),
  git: () => import('./git/run.ts'),
  providers: () => import('./providers/run.ts'),
};

function toNumbers(list: string): readonly number[] {
  return list.split(',').map(Number);
}

function printIndented(line: string): void {
  print(`    ${line}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '4' },
      sizes: { type: 'string', default: '1,100,1000,5000,10000' },
      candidates: { type: 'string', default: '100,1000' },
      program: { type: 'string' },
      out: { type: 'string' },
    },
  });
  if (!hasGo()) {
    print('skipped: the load generator and the plain forwarder are Go programs, and there is no Go on this machine');
    return;
  }
  const program = values.program ?? buildBundle();
  const sizes = toNumbers(values.sizes);
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-bench-'));
  const generator = await LoadGenerator.start();
  try {
    const large = join(directory, 'large');
    writeFleet(large, { alerts: Math.max(...sizes), shape: 'spread', address: 'http://127.0.0.1:9/hook' });
    const bench = { generator, directory, program, seconds: Number(values.seconds), forwarder: buildGo('forwarder', directory) };
    const rounds: Round[] = [];
    for (let round = 1; round <= Number(values.rounds); round += 1) {
      print(`round ${round}`);
      const samples = join(ROOT, 'manifests', 'samples');
      rounds.push(await runRound(bench, { sizes, allCandidates: toNumbers(values.candidates), samples, large, note: printIndented }));
    }
    const name = values.program === undefined ? relative(ROOT, program) : 'as given';
    print(renderTargets(toTargets(rounds)));
    writePage(renderReport({ rounds, seconds: Number(values.seconds), date: today(), program: name }), { out: values.out });
  } finally {
    generator.close();
    rmSync(directory, { recursive: true });
  }
}

const [name = '', ...words] = process.argv.slice(2);
const part = PARTS[name];
if (name === '' || name.startsWith('-')) await main();
else if (part !== undefined) await (await part()).run(words);
else throw new Error(`no such part: ${name}; there is ${Object.keys(PARTS).join(', ')}`);
