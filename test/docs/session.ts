// A shell in a folder of its own, in which the blocks of one page run, one after the other, as its reader would type them.
// Two things differ from the reader's: `tocsin` and `npm run tocsin` run this checkout, and the ports that the pages name stand
// for free ones, in commands, files and output alike.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createProgram } from '../../cmd/program.ts';
import { systemTerminal } from '../../cmd/terminal.ts';
import { PROGRAM } from '../support/product.ts';
import { findPorts, type PortName, type Ports } from './ports.ts';
import { type Shell, startShell } from './shell.ts';
import { fileNameOf, isRunnable, type Snippet, toSteps } from './snippets.ts';
import { differenceOf, type Ids, withRealIds } from './transcript.ts';

/** How a line ended and what it printed. */
export interface Ran {
  readonly code: number;
  readonly output: string;
}

export class Session {
  readonly ports: Ports;
  /** What the ids that the page shows stand for. */
  readonly ids: Ids = new Map();
  readonly #base: string;
  readonly #shell: Shell;
  #steps = 0;
  #code = 0;

  constructor(ports: Ports) {
    this.ports = ports;
    this.#base = mkdtempSync(join(tmpdir(), 'tocsin-docs-'));
    mkdirSync(this.folder);
    const bin = join(this.#base, 'bin');
    writePrograms(bin, ports);
    this.#shell = startShell({ bin, home: this.folder });
  }

  /** Runs a block: a file is written, commands are run; rejects with the place and both outputs where they differ. */
  async play(snippet: Snippet): Promise<void> {
    const file = fileNameOf(snippet);
    if (file !== undefined) this.write(file, snippet.text);
    if (!isRunnable(snippet)) return;
    const steps = toSteps(snippet);
    for (const [index, { line, command, output }] of steps.entries()) {
      const place = `${snippet.page}:${line}: ${command.split('\n')[0] ?? ''}`;
      const ran = await this.run(command).catch((cause: unknown) => {
        throw new Error(`${place}\n${String(cause)}`, { cause });
      });
      const difference = output === undefined ? undefined : differenceOf(output, ran.output, this.ids);
      if (difference !== undefined) throw new Error(`${place}\n${difference}`);
      const isShown = steps[index + 1]?.command === 'echo $?';
      if (ran.code !== 0 && !isShown) throw new Error(`${place}\nit ended with ${ran.code}, which the page does not show:\n${ran.output}`);
    }
  }

  /** Runs lines of shell. */
  async run(command: string): Promise<Ran> {
    this.#steps += 1;
    const script = join(this.#base, `step-${this.#steps}.sh`);
    writeFileSync(script, `${this.#toReal(command)}\n`);
    const { code, output } = await this.#shell.source(script, this.#code);
    this.#code = code;
    if (command.trimEnd().endsWith('&')) await this.ports.untilUp(command);
    return { code, output: this.ports.toShown(output) };
  }

  /** Writes a file into the folder in which the page's commands run. */
  write(path: string, text: string): void {
    const target = join(this.folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, this.#toReal(`${text}\n`));
  }

  /** Ends everything that the page started. */
  async close(): Promise<void> {
    await this.#shell.close();
    rmSync(this.#base, { recursive: true, force: true });
  }

  /** Where the page's commands run. */
  get folder(): string {
    return join(this.#base, 'home');
  }

  #toReal(text: string): string {
    return withRealIds(this.ports.toReal(text), this.ids);
  }
}

/** Starts a shell for one page. */
export async function startSession(): Promise<Session> {
  return new Session(await findPorts());
}

const SERVE_FLAGS: Readonly<Record<string, PortName>> = {
  '--events-addr': 'events',
  '--metrics-addr': 'metrics',
  '--health-addr': 'health',
  '--receiverAddr': 'receiver',
};

/** `tocsin` and `npm` as pages call them; an address that a command line does not name is a free one too. */
function writePrograms(folder: string, ports: Ports): void {
  const tocsin = ['case "$1" in', ...toBranches(ports), 'esac', `exec '${process.execPath}' '${PROGRAM}' "$@"`];
  const npm = [
    'test "$1 $2 $3 $4" = "run --silent tocsin --" || { echo "npm $* is not run here"; exit 127; }',
    'shift 4',
    'exec tocsin "$@"',
  ];
  mkdirSync(folder);
  for (const [name, lines] of Object.entries({ tocsin, npm })) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${lines.join('\n')}\n`, { mode: 0o755 });
  }
}

function toBranches(ports: Ports): string[] {
  const listeners = Object.entries(SERVE_FLAGS).map(([flag, name]) => `${flag} 127.0.0.1:${ports.of(name)}`);
  return createProgram(systemTerminal)
    .commands.filter(({ options }) => options.some(({ long }) => long === '--admin-addr'))
    .map((command) => {
      const name = command.name();
      const flags = [`--admin-addr 127.0.0.1:${ports.of('admin')}`, ...(name === 'serve' ? listeners : [])];
      return `  ${name}) shift; exec '${process.execPath}' '${PROGRAM}' ${name} ${flags.join(' ')} "$@" ;;`;
    });
}
