// The page that a run over the providers leaves behind.
import { cpus, loadavg } from 'node:os';
import { format, median, spread } from '../statistics.ts';
import type { DeliveryFigures } from './deliveries.ts';
import type { RenderFigures } from './renders.ts';

export interface ProviderRound {
  readonly renders: Readonly<Record<string, RenderFigures>>;
  readonly deliveries: Readonly<Record<string, DeliveryFigures>>;
}

/** Medians over the rounds, and whether the promise about connections holds. */
export function renderPage({ rounds, date, deliveries }: { rounds: readonly ProviderRound[]; date: string; deliveries: number }): string {
  const types = Object.keys(rounds[0]?.renders ?? {});
  const delivering = Object.keys(rounds[0]?.deliveries ?? {});
  const [processor] = cpus();
  return [
    `# Bench of the providers, ${date}`,
    '',
    `${cpus().length} x ${processor?.model ?? 'unknown processor'}, Node ${process.versions.node}, load average ${loadavg()
      .map((value) => value.toFixed(1))
      .join(' ')} at the end.`,
    `Cells are lowest / median / highest of ${rounds.length} rounds. renders/s is one thread making the requests of the type's first example; of a`,
    'type that speaks with its vendor it is as much of the conversation as empty answers, given at once, let happen. deliveries/s is the delivery',
    'engine and the real transport over TLS 1.3 to a vendor on the same machine, behind an HTTP proxy, with as many in flight as one Target may',
    `have. Connections are those that ${format(deliveries)} deliveries opened; the reference opens one for each delivery.`,
    '',
    toVerdict(rounds, delivering, deliveries),
    '',
    '| type | renders/s | requests | bytes | deliveries/s | in flight | connections |',
    '|---|---|---|---|---|---|---|',
    ...types.map((type) => toRow(type, rounds)),
    '',
  ].join('\n');
}

function toVerdict(rounds: readonly ProviderRound[], types: readonly string[], deliveries: number): string {
  const figures = rounds.flatMap((round) => types.flatMap((type) => round.deliveries[type] ?? []));
  const isKept = figures.every(({ connections, concurrency }) => connections <= concurrency);
  const isComplete = figures.every(({ delivered }) => delivered === deliveries);
  return [
    `- new connections per ${format(deliveries)} deliveries: at most the concurrency limit for every type: ${isKept ? 'reached' : '**not reached**'}`,
    `- every delivery was taken: ${isComplete ? 'reached' : '**not reached**'}`,
    `- slowest type: ${format(Math.min(...types.map((type) => median(rounds.map((round) => round.deliveries[type]?.perSecond ?? 0)))))} deliveries/s`,
  ].join('\n');
}

function toRow(type: string, rounds: readonly ProviderRound[]): string {
  const renders = rounds.flatMap((round) => round.renders[type] ?? []);
  const deliveries = rounds.flatMap((round) => round.deliveries[type] ?? []);
  const [render] = renders;
  const [delivery] = deliveries;
  const cells = [
    type,
    spread(renders.map(({ perSecond }) => perSecond)),
    String(render?.requests ?? 0),
    String(render?.bytes ?? 0),
    delivery === undefined ? '' : spread(deliveries.map(({ perSecond }) => perSecond)),
    delivery === undefined ? '' : String(delivery.concurrency),
    delivery === undefined ? '' : String(Math.max(...deliveries.map(({ connections }) => connections))),
  ];
  return `| ${cells.join(' | ')} |`;
}
