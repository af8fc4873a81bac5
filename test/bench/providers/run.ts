// What providers cost: renders a second of every type, and deliveries a second over kept-alive TLS of every type that takes
// events, with the connections that those needed. Written as a page.
//
//   node test/bench/run.ts providers [--rounds 3] [--seconds 0.5] [--deliveries 1000] [--out file]
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { print } from '../../support/scenarios.ts';
import { runPart } from '../measure.ts';
import type { DeliveryFigures } from './deliveries.ts';
import type { RenderFigures } from './renders.ts';
import { type ProviderRound, renderPage } from './report.ts';
import { today, writePage } from '../page.ts';

/** Runs the bench with the words of its own command line. */
export async function run(words: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '0.5' },
      deliveries: { type: 'string', default: '1000' },
      out: { type: 'string' },
    },
  });
  const rounds: ProviderRound[] = [];
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    print(`round ${round}`);
    rounds.push(await runRound(values.seconds, Number(values.deliveries)));
  }
  const date = today();
  const page = renderPage({ rounds, date, deliveries: Number(values.deliveries) });
  print(page);
  writePage(page, { part: 'providers', out: values.out });
}

async function runRound(seconds: string, deliveries: number): Promise<ProviderRound> {
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-bench-providers-'));
  const renders = await runPart<Record<string, RenderFigures>>('providers/renders.ts', [seconds]);
  const sink = spawn(process.execPath, [join(import.meta.dirname, 'tls-sink.ts')], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const { port, ca } = await listening(sink);
    const caFile = join(directory, 'ca.pem');
    writeFileSync(caFile, ca);
    return { renders, deliveries: await runPart<Record<string, DeliveryFigures>>('providers/deliveries.ts', [port, caFile, deliveries]) };
  } finally {
    sink.kill();
    rmSync(directory, { recursive: true });
  }
}

async function listening({ stdout }: ChildProcess): Promise<{ readonly port: number; readonly ca: string }> {
  if (stdout === null) throw new Error('the sink has no output');
  for await (const line of createInterface({ input: stdout })) return JSON.parse(line) as { port: number; ca: string };
  throw new Error('the sink ended before it listened');
}
