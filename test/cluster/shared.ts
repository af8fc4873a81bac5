// Before the files of this folder run: one API server for all of them. After them: its end.
import type { Cluster } from '../support/cluster.ts';
import { shareCluster, whyNoCluster } from '../support/api-server.ts';

const opened: Cluster[] = [];

export async function globalSetup(): Promise<void> {
  const reason = whyNoCluster();
  if (reason === false) opened.push(await shareCluster());
  else process.stderr.write(`the tests of test/cluster are skipped: ${reason}\n`);
}

export async function globalTeardown(): Promise<void> {
  for (const cluster of opened) await cluster.close();
}
