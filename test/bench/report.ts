// The page that a run leaves behind: medians of all rounds, ratios with the limits, and which targets were reached.
import { cpus, loadavg, totalmem } from 'node:os';
import { readFileSync } from 'node:fs';
import { CONNECTIONS, IN_FLIGHT } from './measure.ts';
import type { Round } from './round.ts';
import { format, median, spread } from './statistics.ts';

export interface Target {
  readonly what: string;
  readonly wanted: string;
  readonly got: string;
  readonly isReached: boolean;
}

export interface ReportOptions {
  readonly rounds: readonly Round[];
  readonly seconds: number;
  readonly date: string;
  readonly program: string;
}

export function toTargets(rounds: readonly Round[]): readonly Target[] {
  const of = (read: (round: Round) => number): number => median(rounds.map(read));
  const sizes = [...(rounds[0]?.sizes.keys() ?? [])];
  const smallest = sizes[0] ?? 1;
  const largest = sizes.at(-1) ?? 1;
  return [
    atLeast(
      'acks/s of the bare Express server, webhook down (aim for 0.6)',
      0.35,
      of((round) => round.intake.acksPerSecond / round.express),
    ),
    atLeast(
      'acks/s of the bare Express server, while everything is delivered',
      0.35,
      of((round) => size(round, smallest).acks / round.express),
    ),
    atLeast(
      `acks/s with ${largest} Alerts of those with ${smallest}`,
      0.9,
      of((round) => size(round, largest).acks / size(round, smallest).acks),
    ),
    atLeast(
      `deliveries/s with ${largest} Alerts of those with ${smallest}`,
      0.9,
      of((round) => size(round, largest).deliveries / size(round, smallest).deliveries),
    ),
    atMost(
      'ack p99 at half load, times that of the bare group commit at the same rate',
      10,
      of((round) => (round.sizes.get(smallest)?.product.half?.ackP99Ms ?? 0) / round.commitAtHalf.p99Ms),
    ),
    atLeast(
      'deliveries/s of the bare undici loop',
      0.3,
      of((round) => size(round, smallest).deliveries / round.undici),
    ),
    ...sizes.map((alerts) =>
      atLeast(
        `deliveries/s of the forwarder, ${alerts} Alerts`,
        0.3,
        of((round) => size(round, alerts).deliveries / size(round, alerts).forwarder),
      ),
    ),
    atMost(
      `idle memory with ${largest} Alerts`,
      220,
      of((round) => round.large.idleRssMb),
      ' MB',
    ),
    atMost(
      `ready with ${largest} Alerts`,
      5_000,
      of((round) => round.large.readyMs),
      ' ms',
    ),
    atMost(
      'ready on the samples',
      1_000,
      of((round) => round.samples.readyMs),
      ' ms',
    ),
  ];
}

function size(round: Round, alerts: number): { readonly acks: number; readonly deliveries: number; readonly forwarder: number } {
  const figures = round.sizes.get(alerts);
  return {
    acks: figures?.product.load.acksPerSecond ?? 0,
    deliveries: figures?.product.drain.deliveriesPerSecond ?? 0,
    forwarder: figures?.forwarder.deliveriesPerSecond ?? 1,
  };
}

function atLeast(what: string, wanted: number, got: number): Target {
  return { what, wanted: `at least ${wanted}`, got: got.toFixed(2), isReached: got >= wanted };
}

function atMost(what: string, wanted: number, got: number, unit = ''): Target {
  return { what, wanted: `at most ${wanted}${unit}`, got: `${format(got)}${unit}`, isReached: got <= wanted };
}

export function renderTargets(targets: readonly Target[]): string {
  return [
    '| target | wanted | got | |',
    '|---|---|---|---|',
    ...targets.map(({ what, wanted, got, isReached }) => `| ${what} | ${wanted} | ${got} | ${isReached ? 'reached' : '**not reached**'} |`),
  ].join('\n');
}

export function renderReport(options: ReportOptions): string {
  const { rounds } = options;
  return [
    `# Bench of ${options.date}`,
    '',
    machine(options),
    '',
    '## Targets',
    '',
    renderTargets(toTargets(rounds)),
    '',
    '## The program beside the limits',
    '',
    `Cells are lowest / median / highest of ${rounds.length} rounds. An event of about 770 bytes on one of 10,000 objects, ${CONNECTIONS} kept-alive connections as`,
    'fast as answers come, one Provider; three Alerts are candidates of an event and one matches. deliveries/s counts from the first byte sent to the last',
    'delivery, so a backlog that is worked off afterwards counts as the time that it takes.',
    '',
    sizesTable(rounds),
    '',
    `Bare Express 202: ${spread(rounds.map(({ express }) => express))} acks/s. Bare undici loop with ${IN_FLIGHT} in flight: ${spread(rounds.map(({ undici }) => undici))} requests/s.`,
    nodeForwarderLine(rounds),
    `Bare group commit: ${spread(rounds.map(({ commit }) => commit.perSecond))} appends/s with ${CONNECTIONS} waiting; at half load p99 ${spread(rounds.map(({ commitAtHalf }) => commitAtHalf.p99Ms))} ms.`,
    `Intake alone, with one Alert whose webhook is down: ${spread(rounds.map(({ intake }) => intake.acksPerSecond))} acks/s, p50 ${spread(rounds.map(({ intake }) => intake.ackP50Ms))} ms, p99 ${spread(rounds.map(({ intake }) => intake.ackP99Ms))} ms.`,
    `The program at half load: ack p50 ${spread(halves(rounds, 'ackP50Ms'))} ms, p99 ${spread(halves(rounds, 'ackP99Ms'))} ms.`,
    '',
    '## Every Alert is a candidate of every event, one matches',
    '',
    allCandidatesTable(rounds),
    '',
    '## Parts',
    '',
    `Outbox alone: ${spread(rounds.map(({ outbox }) => outbox.appendsPerSecond))} appends/s with one delivery each (p99 ${spread(rounds.map(({ outbox }) => outbox.p99Ms))} ms), ${spread(rounds.map(({ outbox }) => outbox.settlesPerSecond))} leased and settled/s, 8 at a time.`,
    '',
    matchTable(rounds),
    '',
    '## Start and memory',
    '',
    `Samples: ready after ${spread(rounds.map(({ samples }) => samples.readyMs))} ms, ${spread(rounds.map(({ samples }) => samples.idleRssMb))} MB idle.`,
    `Largest fleet: ready after ${spread(rounds.map(({ large }) => large.readyMs))} ms, ${spread(rounds.map(({ large }) => large.idleRssMb))} MB idle.`,
    '',
  ].join('\n');
}

function nodeForwarderLine(rounds: readonly Round[]): string {
  const smallest = [...(rounds[0]?.sizes.keys() ?? [])][0] ?? 1;
  const rates = rounds.map(({ nodeForwarder }) => nodeForwarder.deliveriesPerSecond);
  const ofGo = median(rounds.map((round) => round.nodeForwarder.deliveriesPerSecond / size(round, smallest).forwarder));
  const program = median(rounds.map((round) => size(round, smallest).deliveries / round.nodeForwarder.deliveriesPerSecond));
  return (
    `A forwarder of the same libraries in one Node thread, storing and deciding nothing: ${spread(rates)} deliveries/s, ` +
    `${ofGo.toFixed(2)} of the Go forwarder; the program reaches ${program.toFixed(2)} of it.`
  );
}

function machine({ program, seconds }: ReportOptions): string {
  const [processor] = cpus();
  const kernel = readFileSync('/proc/version', 'utf8').split(' ').slice(0, 3).join(' ');
  return [
    `${cpus().length} x ${processor?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 1024 ** 3)} GB, ${kernel}, Node ${process.versions.node}, load average ${loadavg()
      .map((value) => value.toFixed(1))
      .join(' ')} at the end.`,
    `The program (${program}), the load generator and the webhook share these cores, so compare within this page only. Each load lasts ${seconds} s,`,
    'each cell is a fresh process. The generator and the webhook are Go over raw sockets.',
  ].join('\n');
}

function sizesTable(rounds: readonly Round[]): string {
  const rows = [...(rounds[0]?.sizes.keys() ?? [])].map((alerts) => {
    const own = rounds.flatMap((round) => round.sizes.get(alerts) ?? []);
    const of = (read: (one: (typeof own)[number]) => number): string => spread(own.map(read));
    const ratio = median(own.map(({ product, forwarder }) => product.drain.deliveriesPerSecond / forwarder.deliveriesPerSecond));
    const cells = [
      String(alerts),
      of(({ product }) => product.load.acksPerSecond),
      of(({ product }) => product.load.ackP50Ms),
      of(({ product }) => product.load.ackP99Ms),
      of(({ product }) => product.drain.deliveriesPerSecond),
      of(({ forwarder }) => forwarder.deliveriesPerSecond),
      ratio.toFixed(2),
      of(({ product }) => product.drain.missing),
      of(({ product }) => product.idleRssMb),
      of(({ product }) => product.peakRssMb),
      of(({ product }) => product.cpuSecondsPer1000),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| Alerts | acks/s | ack p50 ms | ack p99 ms | deliveries/s | forwarder/s | ratio | missing | MB idle | MB peak | CPU s / 1,000 |',
    '|---|---|---|---|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function allCandidatesTable(rounds: readonly Round[]): string {
  const rows = [...(rounds[0]?.allCandidates.keys() ?? [])].map((alerts) => {
    const own = rounds.flatMap((round) => round.allCandidates.get(alerts) ?? []);
    const acks = spread(own.map(({ load }) => load.acksPerSecond));
    const deliveries = spread(own.map(({ drain }) => drain.deliveriesPerSecond));
    return `| ${alerts} | ${acks} | ${spread(own.map(({ load }) => load.ackP99Ms))} | ${deliveries} | ${spread(own.map(({ peakRssMb }) => peakRssMb))} |`;
  });
  return ['| Alerts | acks/s | ack p99 ms | deliveries/s | MB peak |', '|---|---|---|---|---|', ...rows].join('\n');
}

function matchTable(rounds: readonly Round[]): string {
  const rows = [...(rounds[0]?.match.keys() ?? [])].map((alerts) => {
    const own = rounds.flatMap((round) => round.match.get(alerts) ?? []);
    const microseconds = spread(own.map(({ perSecond }) => 1e6 / perSecond));
    const candidates = format(median(own.map((one) => one.candidates)));
    return `| ${alerts} | ${candidates} | ${microseconds} | ${spread(own.map(({ loadMs }) => loadMs))} | ${spread(own.map(({ changeMs }) => changeMs))} |`;
  });
  return [
    '| Alerts | candidates | us to decide an event | ms to read the folder | ms for one changed Alert |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function halves(rounds: readonly Round[], field: 'ackP50Ms' | 'ackP99Ms'): readonly number[] {
  return rounds.map((round) => [...round.sizes.values()][0]?.product.half?.[field] ?? 0);
}
