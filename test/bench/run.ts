// Measures the program beside the limits of the same machine in the same run, and writes the results as a page.
//
//   node test/bench/run.ts [--rounds 3] [--seconds 4] [--sizes 1,100,...] [--program file] [--out file]
//
// Without --program the bundle is built and measured, as the image runs it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { buildGo, hasGo, LoadGenerator } from '../support/load-generator.ts';
import { writeFleet } from '../support/many-alerts.ts';
import { print } from '../support/scenarios.ts';
import { renderReport, renderTargets, toTargets } from './report.ts';
import { type Round, runRound } from './round.ts';

const ROOT = join(import.meta.dirname, '..', '..');

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

function buildBundle(): string {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' });
  return join(ROOT, 'dist', 'tocsin.js');
}

function toNumbers(list: string): readonly number[] {
  return list.split(',').map(Number);
}

function printIndented(line: string): void {
  print(`    ${line}`);
}

async function main(): Promise<void> {
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
    const date = new Date().toISOString().slice(0, 10);
    const out = values.out ?? join(import.meta.dirname, 'results', `${date}.md`);
    mkdirSync(dirname(out), { recursive: true });
    const name = values.program === undefined ? relative(ROOT, program) : 'as given';
    writeFileSync(out, renderReport({ rounds, seconds: Number(values.seconds), date, program: name }));
    print(renderTargets(toTargets(rounds)));
    print(`written to ${out}`);
  } finally {
    generator.close();
    rmSync(directory, { recursive: true });
  }
}

await main();
