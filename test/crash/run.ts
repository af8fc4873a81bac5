// Breaks a real process in many ways and looks for what is lost.
//
//   node test/crash/run.ts [--only kill,down] [--seed n] [--kills 50] [--events 2000]
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRandom } from '../support/random.ts';
import { fullDisk } from './full-disk.ts';
import { graceful } from './graceful.ts';
import { kill } from './kill.ts';
import { down, hanging, limited, resets } from './misbehaving.ts';
import type { Scenario } from './scenario.ts';
import { twoProcesses } from './two-processes.ts';

const SCENARIOS: readonly Scenario[] = [down, limited, hanging, resets, graceful, fullDisk, twoProcesses, kill];

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seed: { type: 'string' },
    kills: { type: 'string', default: '50' },
    events: { type: 'string', default: '2000' },
  },
});

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function runScenario(scenario: Scenario, root: string, seed: number): Promise<boolean> {
  const directory = join(root, scenario.name);
  mkdirSync(directory);
  const failures: string[] = [];
  const startedAtMs = Date.now();
  print(`${scenario.name}: ${scenario.promise}`);
  try {
    await scenario.run({
      directory,
      random: createRandom(seed),
      kills: Number(values.kills),
      events: Number(values.events),
      note: (line) => print(`    ${line}`),
      fail: (line) => {
        failures.push(line);
        print(`    FAIL ${line}`);
      },
    });
  } catch (error) {
    failures.push(String(error));
    print(`    FAIL ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  print(`    ${failures.length === 0 ? 'passed' : 'failed'} in ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s`);
  return failures.length === 0;
}

async function main(): Promise<number> {
  const only = values.only?.split(',');
  const chosen = SCENARIOS.filter(({ name }) => only === undefined || only.includes(name));
  if (chosen.length === 0) throw new Error(`no such scenario; there are ${SCENARIOS.map(({ name }) => name).join(', ')}`);
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
  print(`seed ${seed}`);
  const root = mkdtempSync(join(tmpdir(), 'tocsin-crash-'));
  let passed = 0;
  for (const scenario of chosen) if (await runScenario(scenario, root, seed)) passed += 1;
  if (passed === chosen.length) rmSync(root, { recursive: true });
  else print(`logs and stores: ${root}`);
  print(`${passed} passed, ${chosen.length - passed} failed`);
  return passed === chosen.length ? 0 : 1;
}

process.exitCode = await main();
