// Rendering alone: how often a second each type makes its requests from the event of its first example. A type that speaks
// with its vendor gets empty answers at once: its figure is that of as much of the conversation as they let happen.
//
//   node renders.ts SECONDS
import { catalog } from '../../../internal/catalog/catalog.ts';
import type { ProviderDefinition } from '../../../internal/sdk/provider.ts';
import { createBench, toRenderInput, toResponse } from '../../support/provider-run.ts';

const STATUS_ID = 'kustomization/webapp/0c9c2e41';
const BATCH = 20;
const MS_PER_SECOND = 1_000;
const seconds = Number(process.argv[2] ?? '1');

export interface RenderFigures {
  readonly perSecond: number;
  readonly requests: number;
  readonly bytes: number;
}

async function measure(definition: ProviderDefinition): Promise<RenderFigures> {
  const [example] = definition.examples;
  if (example === undefined) throw new Error(`${definition.type} has no example`);
  const input = toRenderInput({ ...example, statusId: STATUS_ID });
  const { render, send } = definition;
  const once = async () => {
    if (render !== undefined) return render(input);
    const bench = createBench(({ method }) => toResponse(200, method === 'GET' ? [] : {}));
    // A session ends where it would be opened: what it does before is what is measured.
    await send?.(bench.context, input).catch(() => undefined);
    return bench.requests;
  };
  await repeat(once, MS_PER_SECOND / 5);
  const perSecond = await repeat(once, seconds * MS_PER_SECOND);
  const requests = await once();
  return { perSecond, requests: requests.length, bytes: requests.reduce((sum, { body = '' }) => sum + Buffer.byteLength(body), 0) };
}

/** How often a second it can be done. */
async function repeat(once: () => Promise<unknown>, forMs: number): Promise<number> {
  const startedMs = performance.now();
  let count = 0;
  let elapsedMs = 0;
  while (elapsedMs < forMs) {
    for (let index = 0; index < BATCH; index += 1) await once();
    count += BATCH;
    elapsedMs = performance.now() - startedMs;
  }
  return (count * MS_PER_SECOND) / elapsedMs;
}

const figures: Record<string, RenderFigures> = {};
for (const type of catalog.types.toSorted()) {
  const definition = catalog.get(type);
  if (definition !== undefined) figures[type] = await measure(definition);
}
process.stdout.write(`${JSON.stringify(figures)}\n`);
