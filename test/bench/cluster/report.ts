// The page of the cluster bench.
import { loadavg } from 'node:os';
import { CONNECTIONS } from '../measure.ts';
import { median, spread } from '../statistics.ts';

export interface ClusterSize {
  /** deliveries/s of the plain forwarder, measured just before. */
  readonly forwarder: number;
  /** From the start of the process to a Snapshot of the whole fleet. */
  readonly snapshotMs: number;
  readonly idleRssMb: number;
  readonly peakRssMb: number;
  readonly acksPerSecond: number;
  readonly ackP99Ms: number;
  readonly deliveriesPerSecond: number;
  readonly missing: number;
  /** To the API server, per 1,000 events. */
  readonly requestsPer1000: number;
}

export interface WatchFigures {
  readonly snapshotMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface ClusterRound {
  readonly sizes: ReadonlyMap<number, ClusterSize>;
  readonly watch: WatchFigures;
}

const WANTED_SHARE = 0.3;

export function renderPage(options: { readonly rounds: readonly ClusterRound[]; readonly date: string; readonly seconds: number }): string {
  const { rounds, date, seconds } = options;
  return [
    `# Bench in a cluster of ${date}`,
    '',
    `\`npm run bench -- cluster\`, load average ${loadavg()
      .map((value) => value.toFixed(1))
      .join(' ')} at the end. A real kube-apiserver with etcd, the program, the load generator and`,
    `the webhook share two cores. Cells are lowest / median / highest of ${rounds.length} rounds; ${CONNECTIONS} kept-alive connections for ${seconds} s as fast as answers come.`,
    '',
    '| Alerts | ms to the Snapshot | acks/s | ack p99 ms | deliveries/s | forwarder/s | share (wanted 0.30) | missing | requests / 1,000 events | MB idle | MB peak |',
    '|---|---|---|---|---|---|---|---|---|---|---|',
    ...[...(rounds[0]?.sizes.keys() ?? [])].map((alerts) => sizeRow(rounds, alerts)),
    '',
    `From the API server's answer to a changed Alert in the Snapshot, among all others: p50 ${spread(rounds.map(({ watch }) => watch.p50Ms))} ms, p99 ${spread(rounds.map(({ watch }) => watch.p99Ms))} ms.`,
    '',
  ].join('\n');
}

function sizeRow(rounds: readonly ClusterRound[], alerts: number): string {
  const own = rounds.flatMap(({ sizes }) => sizes.get(alerts) ?? []);
  const of = (read: (one: ClusterSize) => number): string => spread(own.map(read));
  const share = median(own.map(({ deliveriesPerSecond, forwarder }) => deliveriesPerSecond / forwarder));
  const cells = [
    String(alerts),
    of(({ snapshotMs }) => snapshotMs),
    of(({ acksPerSecond }) => acksPerSecond),
    of(({ ackP99Ms }) => ackP99Ms),
    of(({ deliveriesPerSecond }) => deliveriesPerSecond),
    of(({ forwarder }) => forwarder),
    `${share.toFixed(2)}${share < WANTED_SHARE ? ' (**not reached**)' : ''}`,
    of(({ missing }) => missing),
    of(({ requestsPer1000 }) => requestsPer1000),
    of(({ idleRssMb }) => idleRssMb),
    of(({ peakRssMb }) => peakRssMb),
  ];
  return `| ${cells.join(' | ')} |`;
}
