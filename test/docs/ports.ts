// The ports that pages name, and the free ones that stand for them while the page runs.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { findFreePort } from '../support/free-port.ts';

const SHOWN = { events: '9090', metrics: '8080', health: '9440', receiver: '9292', admin: '9797', sink: '9798' } as const;
const UP_MS = 20_000;

/** What is at a port. */
export type PortName = keyof typeof SHOWN;

export class Ports {
  readonly #real: ReadonlyMap<string, string>;
  readonly #shown: ReadonlyMap<string, string>;

  constructor(real: ReadonlyMap<string, string>) {
    this.#real = real;
    this.#shown = new Map([...real].map(([shown, port]) => [port, shown]));
  }

  /** The free port's number. */
  of(name: PortName): number {
    return this.#realOf(SHOWN[name]);
  }

  #realOf(shown: string): number {
    return Number(this.toReal(shown));
  }

  toReal(text: string): string {
    return replaceNumbers(text, this.#real);
  }

  toShown(text: string): string {
    return replaceNumbers(text, this.#shown);
  }

  /** A reader waits until what was started in the background is up; so does this, by the ports that the command is about. */
  async untilUp(command: string): Promise<void> {
    const isServed = /\btocsin (?:-- )?serve\b/.test(command);
    const named = Object.values(SHOWN).filter((port) => new RegExp(`\\b${port}\\b`).test(command));
    for (const port of new Set([...(isServed ? [SHOWN.admin] : []), ...named])) {
      await until(() => isListening(this.#realOf(port)), `nobody listens on port ${port} after: ${command}`);
    }
    if (isServed) await until(() => isReady(this.of('health')), `not ready after: ${command}`);
  }
}

/** A free port for each that pages name. */
export async function findPorts(): Promise<Ports> {
  const real = new Map<string, string>();
  for (const port of Object.values(SHOWN)) real.set(port, String(await findFreePort()));
  return new Ports(real);
}

function replaceNumbers(text: string, map: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\b\d{4,5}\b/g, (number) => map.get(number) ?? number);
}

async function until(isSo: () => Promise<boolean>, otherwise: string): Promise<void> {
  const endMs = performance.now() + UP_MS;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(otherwise);
    await pause(50);
  }
}

/** Whether the manifests are read: an event that comes before is decided a moment later, and explained so. */
async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  } catch {
    // Not yet.
    return false;
  }
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    // Not yet.
    return false;
  } finally {
    socket.destroy();
  }
}
