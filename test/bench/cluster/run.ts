// The program on a real API server beside the plain forwarder: time to the first Snapshot, how long a change takes, memory,
// requests to the API server, and events a second, end to end, at every size. Written as a page.
//
//   node test/bench/run.ts cluster [--rounds 3] [--seconds 4] [--sizes 1,100,...] [--changes 200] [--program file] [--out file]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type ApiServer, startApiServer } from '../../support/api-server.ts';
import { ownCrds } from '../../support/flux-crds.ts';
import { buildGo, LoadGenerator } from '../../support/load-generator.ts';
import { print } from '../../support/scenarios.ts';
import { buildBundle } from '../bundle.ts';
import { type Bench, runPart } from '../measure.ts';
import { connect, createFleet } from './fleet.ts';
import { measureInCluster } from './measure.ts';
import { type ClusterRound, type ClusterSize, renderPage, type WatchFigures } from './report.ts';
import { today, writePage } from '../page.ts';

const NAMESPACE = 'flux-system';

/** Runs the bench with the words of its own command line. */
export async function run(words: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '4' },
      sizes: { type: 'string', default: '1,100,1000,10000' },
      changes: { type: 'string', default: '200' },
      program: { type: 'string' },
      out: { type: 'string' },
    },
  });
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-bench-cluster-'));
  const generator = await LoadGenerator.start();
  const program = values.program ?? buildBundle();
  const bench = { generator, directory, program, seconds: Number(values.seconds), forwarder: buildGo('forwarder', directory) };
  try {
    const rounds: ClusterRound[] = [];
    for (let round = 1; round <= Number(values.rounds); round += 1) {
      print(`round ${round}`);
      rounds.push(await runRound(bench, values.sizes.split(',').map(Number), Number(values.changes)));
    }
    const date = today();
    const page = renderPage({ rounds, date, seconds: bench.seconds });
    print(page);
    writePage(page, { part: 'cluster', out: values.out });
  } finally {
    generator.close();
    rmSync(directory, { recursive: true });
  }
}

/** Each round has an API server of its own, whose fleet grows from size to size. */
async function runRound(bench: Bench, sizes: readonly number[], changes: number): Promise<ClusterRound> {
  const server = await startApiServer();
  const client = await connect(server.kubeconfig);
  try {
    await server.apply([...ownCrds()]);
    await server.kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
    await server.namespace(NAMESPACE);
    const { host, port } = bench.generator.sink;
    const measured = new Map<number, ClusterSize>();
    for (const alerts of sizes) {
      await createFleet(client, { alerts, shape: 'spread', address: `http://${host}:${port}/hook` });
      const figures = await measureInCluster(bench, server, alerts);
      measured.set(alerts, figures);
      print(`    ${alerts} Alerts: ${JSON.stringify(figures)}`);
    }
    return { sizes: measured, watch: await measureWatch(server, sizes.at(-1) ?? 1, changes) };
  } finally {
    await client.close();
    await server.close();
  }
}

async function measureWatch(server: ApiServer, alerts: number, changes: number): Promise<WatchFigures> {
  const figures = await runPart<WatchFigures>('cluster/watch-lag.ts', [server.kubeconfig, alerts, changes]);
  print(`    a change among ${alerts}: ${JSON.stringify(figures)}`);
  return figures;
}
