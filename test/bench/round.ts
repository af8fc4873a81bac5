// One round: every limit and every size once, one after the other, so that what the machine does besides hits all alike.
import { join } from 'node:path';
import { rmSync } from 'node:fs';
import type { DrainResult, LoadResult } from '../support/load-generator.ts';
import {
  type Bench,
  IN_FLIGHT,
  measureExpress,
  measureForwarder,
  measureIntake,
  measureNodeForwarder,
  measureProduct,
  measureStart,
  type ProductFigures,
  runPart,
  type StartFigures,
} from './measure.ts';

export interface CommitFigures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface OutboxFigures {
  readonly appendsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly settlesPerSecond: number;
}

export interface MatchFigures {
  readonly perSecond: number;
  readonly candidates: number;
  readonly matches: number;
  readonly loadMs: number;
  readonly changeMs: number;
}

export interface Round {
  readonly express: number;
  readonly undici: number;
  readonly commit: CommitFigures;
  /** Group commit at the rate of the program's half load. */
  readonly commitAtHalf: CommitFigures;
  readonly outbox: OutboxFigures;
  /** One Node thread that forwards with our libraries and stores nothing. */
  readonly nodeForwarder: DrainResult;
  /** The program with one Alert while its webhook is down. */
  readonly intake: LoadResult;
  /** By number of Alerts; beside each the forwarder, measured just before it. */
  readonly sizes: ReadonlyMap<number, { readonly product: ProductFigures; readonly forwarder: DrainResult }>;
  readonly allCandidates: ReadonlyMap<number, ProductFigures>;
  readonly match: ReadonlyMap<string, MatchFigures>;
  readonly samples: StartFigures;
  readonly large: StartFigures;
}

export interface RoundPlan {
  readonly sizes: readonly number[];
  readonly allCandidates: readonly number[];
  readonly samples: string;
  /** A folder with the largest fleet. */
  readonly large: string;
  readonly note: (line: string) => void;
}

export async function runRound(bench: Bench, plan: RoundPlan): Promise<Round> {
  const { note } = plan;
  const express = await measureExpress(bench);
  note(`bare Express: ${express.toFixed(0)} acks/s`);
  const sink = bench.generator.sink;
  const { perSecond: undici } = await runPart<{ readonly perSecond: number }>('limits/undici-loop.ts', [
    `http://${sink.host}:${sink.port}/hook`,
    bench.seconds,
    IN_FLIGHT,
  ]);
  note(`bare undici loop: ${undici.toFixed(0)} requests/s`);
  const commit = await withFile(bench, (file) => runPart<CommitFigures>('limits/group-commit.ts', [file, bench.seconds]));
  note(`bare group commit: ${commit.perSecond.toFixed(0)} appends/s`);
  const outbox = await withFile(bench, (file) => runPart<OutboxFigures>('parts/outbox.ts', [file, bench.seconds]));
  note(`outbox alone: ${outbox.appendsPerSecond.toFixed(0)} appends/s, ${outbox.settlesPerSecond.toFixed(0)} settles/s`);
  const nodeForwarder = await measureNodeForwarder(bench);
  note(`forwarder in one Node thread: ${nodeForwarder.deliveriesPerSecond.toFixed(0)} deliveries/s`);
  const intake = await measureIntake(bench);
  note(`webhook down: ${intake.acksPerSecond.toFixed(0)} acks/s, p99 ${intake.ackP99Ms.toFixed(1)} ms`);

  const sizes = new Map<number, { product: ProductFigures; forwarder: DrainResult }>();
  for (const alerts of plan.sizes) {
    const forwarder = await measureForwarder(bench);
    const product = await measureProduct(bench, { alerts, shape: 'spread' }, alerts === plan.sizes[0]);
    sizes.set(alerts, { product, forwarder });
    note(describe(`${alerts} Alerts`, product, forwarder));
  }
  const halfRate = sizes.get(plan.sizes[0] ?? 1)?.product.half;
  const atHalf = halfRate === undefined ? 1_000 : halfRate.sent / halfRate.seconds;
  const commitAtHalf = await withFile(bench, (file) => runPart<CommitFigures>('limits/group-commit.ts', [file, bench.seconds, atHalf]));
  note(`bare group commit at half load: p99 ${commitAtHalf.p99Ms.toFixed(1)} ms; the program: ${halfRate?.ackP99Ms.toFixed(1) ?? '-'} ms`);

  const allCandidates = new Map<number, ProductFigures>();
  for (const alerts of plan.allCandidates) {
    const product = await measureProduct(bench, { alerts, shape: 'all' }, false);
    allCandidates.set(alerts, product);
    note(describe(`${alerts} Alerts, all candidates`, product));
  }
  return {
    express,
    undici,
    commit,
    commitAtHalf,
    outbox,
    nodeForwarder,
    intake,
    sizes,
    allCandidates,
    ...(await measureRest(bench, plan)),
  };
}

async function measureRest(bench: Bench, plan: RoundPlan): Promise<Pick<Round, 'match' | 'samples' | 'large'>> {
  const match = new Map<string, MatchFigures>();
  for (const alerts of plan.sizes) match.set(`${alerts}`, await runPart<MatchFigures>('parts/match.ts', [alerts, 'spread']));
  for (const alerts of plan.allCandidates) match.set(`${alerts} all`, await runPart<MatchFigures>('parts/match.ts', [alerts, 'all']));
  const samples = await measureStart(bench, plan.samples);
  const large = await measureStart(bench, plan.large);
  plan.note(
    `ready on the samples after ${samples.readyMs.toFixed(0)} ms, with the largest fleet after ${large.readyMs.toFixed(0)} ms and ${large.idleRssMb} MB`,
  );
  return { match, samples, large };
}

function describe(what: string, product: ProductFigures, forwarder?: DrainResult): string {
  const { load, drain } = product;
  const beside = forwarder === undefined ? '' : ` (forwarder ${forwarder.deliveriesPerSecond.toFixed(0)})`;
  return (
    `${what}: ${load.acksPerSecond.toFixed(0)} acks/s, p99 ${load.ackP99Ms.toFixed(1)} ms, ` +
    `${drain.deliveriesPerSecond.toFixed(0)} deliveries/s${beside}, ${drain.missing} missing, ${JSON.stringify(load.statuses)}, ` +
    `${product.peakRssMb} MB, ${product.cpuSecondsPer1000.toFixed(2)} CPU s per 1,000`
  );
}

async function withFile<T>(bench: Bench, measure: (file: string) => Promise<T>): Promise<T> {
  const file = join(bench.directory, 'part.db');
  try {
    return await measure(file);
  } finally {
    for (const suffix of ['', '-wal', '-shm', '.reserve']) rmSync(`${file}${suffix}`, { force: true });
  }
}
