// Runs scenarios that break or load a real process: a directory each, notes as they come, one closing line.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ScenarioReport {
  /** An empty directory of its own. */
  readonly directory: string;
  /** The script that is put to the test; absent = the unbuilt program. */
  readonly program: string | undefined;
  readonly note: (line: string) => void;
  /** Records what went wrong; the scenario goes on. */
  readonly fail: (line: string) => void;
}

export interface ScenarioOf<Context extends ScenarioReport> {
  readonly name: string;
  readonly promise: string;
  readonly run: (context: Context) => Promise<void>;
}

export interface ScenarioRun<Context extends ScenarioReport> {
  /** Names the directory of logs and stores. */
  readonly suite: string;
  readonly scenarios: readonly ScenarioOf<Context>[];
  /** Names separated by commas; absent = all. */
  readonly only: string | undefined;
  readonly program: string | undefined;
  readonly toContext: (report: ScenarioReport) => Context;
}

/** Returns the exit code; keeps logs and stores of a run that failed. */
export async function runScenarios<Context extends ScenarioReport>(run: ScenarioRun<Context>): Promise<number> {
  const only = run.only?.split(',');
  const chosen = run.scenarios.filter(({ name }) => only === undefined || only.includes(name));
  if (chosen.length === 0) throw new Error(`no such scenario; there are ${run.scenarios.map(({ name }) => name).join(', ')}`);
  const root = mkdtempSync(join(tmpdir(), `tocsin-${run.suite}-`));
  let passed = 0;
  for (const scenario of chosen) if (await runOne(scenario, join(root, scenario.name), run)) passed += 1;
  if (passed === chosen.length) rmSync(root, { recursive: true });
  else print(`logs and stores: ${root}`);
  print(`${passed} passed, ${chosen.length - passed} failed`);
  return passed === chosen.length ? 0 : 1;
}

async function runOne<Context extends ScenarioReport>(
  scenario: ScenarioOf<Context>,
  directory: string,
  { program, toContext }: ScenarioRun<Context>,
): Promise<boolean> {
  mkdirSync(directory);
  let failures = 0;
  const fail = (line: string): void => {
    failures += 1;
    print(`    FAIL ${line}`);
  };
  const startedAtMs = performance.now();
  print(`${scenario.name}: ${scenario.promise}`);
  try {
    await scenario.run(toContext({ directory, program, note: (line) => print(`    ${line}`), fail }));
  } catch (error) {
    fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  print(`    ${failures === 0 ? 'passed' : 'failed'} in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`);
  return failures === 0;
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
