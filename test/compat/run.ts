// Runs the recorded cases, in folder mode or on a real API server, and says per area how many hold.
//
//   node test/compat/run.ts [--cluster] [--areas a,b] [--case 'glob'] [--jobs n] [--program file] [--keep]
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, matchesGlob } from 'node:path';
import { parseArgs } from 'node:util';
import { catalog } from '../../internal/catalog/catalog.ts';
import { openCluster, whyNoCluster } from '../support/api-server.ts';
import { openClusterGround } from './cluster-ground.ts';
import { folderGround, type Ground } from './ground.ts';
import { renderAreas, renderDeviating, renderElsewhere, renderFailure, select, type Selection } from './report.ts';
import type { CaseResult } from './run-case.ts';
import { listAreas, readArea, readDeviations, requiredAreas, type Vector } from './vector.ts';
import { createMaterial, createPorts, runWorld } from './world.ts';

interface Settings {
  readonly cluster: boolean;
  readonly areas: readonly string[];
  readonly glob: string | undefined;
  readonly jobs: number;
  readonly program: string | undefined;
  readonly keep: boolean;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      cluster: { type: 'boolean', default: false },
      areas: { type: 'string' },
      case: { type: 'string' },
      jobs: { type: 'string', default: '12' },
      program: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  });
  const known = listAreas();
  const areas = values.areas === undefined ? requiredAreas(catalog.types) : values.areas === 'all' ? known : values.areas.split(',');
  const unknown = areas.filter((area) => !known.includes(area));
  if (unknown.length > 0) throw new Error(`no such area: ${unknown.join(', ')}`);
  return { cluster: values.cluster, areas, glob: values.case, jobs: Number(values.jobs), program: values.program, keep: values.keep };
}

/** Cases with equal flags and environment share a process. */
function groupByProcess(vectors: readonly Vector[]): readonly (readonly Vector[])[] {
  return [...Map.groupBy(vectors, ({ given }) => JSON.stringify([given.flags ?? [], given.env ?? []])).values()];
}

interface Runs {
  readonly settings: Settings;
  readonly selection: Selection;
  readonly ground: Ground;
  readonly directory: string;
}

async function runGroups({ settings, selection, ground, directory }: Runs): Promise<{ results: CaseResult[]; findings: string[] }> {
  const material = createMaterial();
  const ports = createPorts();
  const results: CaseResult[] = [];
  const findings: string[] = [];
  for (const [index, vectors] of groupByProcess(selection.run).entries()) {
    const world = join(directory, `world-${index}`);
    mkdirSync(world);
    const outcome = await runWorld(
      {
        ground,
        directory: world,
        vectors,
        jobs: settings.jobs,
        onResult: (result) => {
          if (result.differences.length > 0) print(renderFailure(result));
        },
        ...(settings.program === undefined ? {} : { program: settings.program }),
      },
      material,
      ports,
    );
    results.push(...outcome.results);
    findings.push(...outcome.strays.map((stray) => `a request that belongs to no case: ${stray}`));
    if (outcome.ending !== 'exit 0') findings.push(`the program ${outcome.ending}`);
  }
  return { results, findings };
}

async function runOn(ground: Ground, settings: Settings): Promise<number> {
  const { glob } = settings;
  const vectors = settings.areas.flatMap(readArea).filter(({ name }) => glob === undefined || matchesGlob(name, glob));
  const selection = select(vectors, readDeviations(), ground);
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-compat-'));
  const { results, findings } = await runGroups({ settings, selection, ground, directory });
  const failed = results.filter((result) => result.differences.length > 0);

  if (selection.elsewhere.length > 0) print(`\ncannot be shown here:\n${renderElsewhere(selection)}`);
  if (selection.deviating.length > 0) print(`\ndifferent on purpose, tested beside the code that differs:\n${renderDeviating(selection)}`);
  print(`\n${renderAreas(settings.areas, selection, results)}\n`);
  for (const finding of findings) print(`FINDING ${finding}`);
  if (settings.keep || failed.length > 0 || findings.length > 0) print(`logs, stores and manifests: ${directory}`);
  else rmSync(directory, { recursive: true });
  print(`${results.length - failed.length} passed, ${failed.length} failed`);
  return failed.length > 0 || findings.length > 0 ? 1 : 0;
}

async function main(): Promise<number> {
  const settings = readSettings();
  if (!settings.cluster) return runOn(folderGround, settings);
  const reason = whyNoCluster();
  if (reason !== false) {
    print(`the recorded cases of a cluster are skipped: ${reason}`);
    return 0;
  }
  const cluster = await openCluster();
  try {
    return await runOn(await openClusterGround(cluster), settings);
  } finally {
    await cluster.close();
  }
}

process.exitCode = await main();
