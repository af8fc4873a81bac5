// A CPU profile summed up by the part of the program that was running.

/** What V8 writes with `--cpu-prof`. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  /** Microseconds. */
  readonly timeDeltas: readonly number[];
}

export interface Summary {
  readonly busyMs: number;
  /** Milliseconds by part, the most first. */
  readonly parts: ReadonlyMap<string, number>;
}

const NATIVE: Readonly<Record<string, string>> = {
  '(garbage collector)': 'garbage collection',
  '(program)': 'native code without a name',
  writev: 'socket writes',
  writeLatin1String: 'socket writes',
  writeUtf8String: 'socket writes',
  writeBuffer: 'socket writes',
  postMessage: 'messages between the threads',
};
const IDLE = '(idle)';
const SMALL_SHARE = 0.005;

/** Sums the own time of every function by its part. */
export function sumUp({ nodes, samples, timeDeltas }: CpuProfile): Summary {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const parts = new Map<string, number>();
  samples.forEach((id, index) => {
    const frame = frames.get(id);
    if (frame === undefined || frame.functionName === IDLE) return;
    const part = partOf(frame.functionName, frame.url);
    parts.set(part, (parts.get(part) ?? 0) + (timeDeltas[index] ?? 0) / 1000);
  });
  const sorted = [...parts].sort(([, left], [, right]) => right - left);
  return { busyMs: sorted.reduce((total, [, milliseconds]) => total + milliseconds, 0), parts: new Map(sorted) };
}

/** One table; what is small is summed up in its last row. */
export function renderThread({ busyMs, parts }: Summary, events: number): readonly string[] {
  const rows = [...parts].filter(([, milliseconds]) => milliseconds / busyMs >= SMALL_SHARE);
  const restMs = busyMs - rows.reduce((total, [, milliseconds]) => total + milliseconds, 0);
  const row = (part: string, milliseconds: number): string =>
    `| ${part} | ${((milliseconds / busyMs) * 100).toFixed(1)} % | ${((milliseconds / events) * 1000).toFixed(1)} |`;
  const name = parts.has('internal/intake') ? 'The main thread' : 'The writer of the store';
  return [
    `## ${name}: ${((busyMs / events) * 1000).toFixed(0)} us an event`,
    '',
    '| part | share | us an event |',
    '|---|---|---|',
    ...rows.map(([part, milliseconds]) => row(part, milliseconds)),
    row('everything else', restMs),
    '',
  ];
}

/** A folder of this repository, a package, a module of Node, or what native code does. */
function partOf(functionName: string, url: string): string {
  const native = NATIVE[functionName];
  if (native !== undefined) return native;
  if (url === '') return 'native code';
  const inPackage = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url);
  if (inPackage?.[1] !== undefined) return inPackage[1];
  if (url.startsWith('node:'))
    return /^node:(?:internal\/)?_?(http|net|stream|streams|timers|process|events)/.exec(url)?.[1] ?? 'node, other';
  return /\/((?:internal\/(?:outbox\/sqlite|dialects\/flux|[^/]+))|cmd|providers)\//.exec(url)?.[1] ?? 'wasm and other';
}
