// Delivering: how many messages a second each type brings to its vendor over kept-alive TLS, through the delivery engine and
// the real transport, with as many in flight as a Target may have; and how many connections that took. Statuses and comments
// are conversations with a forge and are not measured here, sessions connect anew for each message.
//
//   node deliveries.ts SINK_PORT CA_FILE COUNT
import { readFileSync } from 'node:fs';
import { systemClock } from '../../../cmd/system-clock.ts';
import { catalog } from '../../../internal/catalog/catalog.ts';
import type { FluxEvent } from '../../../internal/event/event.ts';
import { DEFAULT_CONCURRENCY, type ProviderDefinition, type ResolvedConfig } from '../../../internal/sdk/provider.ts';
import type { Transport } from '../../../internal/sdk/transport.ts';
import { parseEgress } from '../../../internal/transport/egress.ts';
import { createTransport } from '../../../internal/transport/transport.ts';
import { toLease, toTarget } from '../../support/deliveries.ts';
import { createHarness } from '../../support/engine.ts';
import { toRenderInput } from '../../support/provider-run.ts';
import { until } from '../../support/until.ts';

const [port = '', caFile = '', words = '1000'] = process.argv.slice(2);
const count = Number(words);
/** PEM. */
const ca = readFileSync(caFile, 'utf8');
const MS_PER_SECOND = 1_000;
const WARM_UP = 50;

export interface DeliveryFigures {
  readonly perSecond: number;
  readonly delivered: number;
  readonly connections: number;
  readonly concurrency: number;
}

interface Counted {
  readonly connections: number;
  readonly requests: number;
}

async function askCount(): Promise<Counted> {
  return (await (await fetch(`http://127.0.0.1:${port}/count`)).json()) as Counted;
}

async function measure(definition: ProviderDefinition, { config, event }: Message): Promise<DeliveryFigures> {
  const concurrency = definition.capabilities.concurrency ?? DEFAULT_CONCURRENCY;
  const connection = { pool: definition.type, proxyUrl: `http://127.0.0.1:${port}`, tls: { ca }, concurrency };
  const transport = newTransport();
  const { engine, outbox } = createHarness({
    targets: [toTarget(definition)],
    resolve: async () => ({ config, connection }),
    identity: { keyOf: () => 'identity', acquire: async () => ({ value: 'token', expiresAtMs: Number.MAX_SAFE_INTEGER }) },
    transport,
    clock: systemClock,
  });
  const deliver = async (from: number, to: number): Promise<void> => {
    for (let index = from; index < to; index += 1) {
      const lease = toLease(`d${index}`, { metadata: event.metadata });
      outbox.offer({ ...lease, event: { ...lease.event, flux: event } });
    }
    await until(() => outbox.settled.length >= to, `${to} deliveries`);
  };
  engine.start();
  const before = await askCount();
  await deliver(0, WARM_UP);
  const startedMs = performance.now();
  await deliver(WARM_UP, count);
  const elapsedMs = performance.now() - startedMs;
  const after = await askCount();
  await engine.drain(0);
  await transport.close();
  return {
    perSecond: ((count - WARM_UP) * MS_PER_SECOND) / elapsedMs,
    delivered: outbox.settled.filter(({ outcome }) => outcome.kind === 'delivered').length,
    connections: after.connections - before.connections,
    concurrency,
  };
}

function newTransport(): Transport {
  return createTransport({
    environment: {},
    egress: parseEgress({ deny: [], allow: [], denyLoopback: false }),
    ownListeners: () => [],
    clock: systemClock,
  });
}

interface Message {
  readonly config: ResolvedConfig;
  readonly event: FluxEvent;
}

/** The type's first example, at an address that is HTTPS. */
function toMessage({ type, examples }: ProviderDefinition): Message {
  const [example] = examples;
  if (example === undefined) throw new Error(`${type} has no example`);
  const { address } = example.spec;
  const spec = typeof address === 'string' ? { ...example.spec, address: address.replace(/^http:/, 'https:') } : example.spec;
  return { config: toRenderInput({ ...example, spec }).config, event: example.event };
}

const figures: Record<string, DeliveryFigures> = {};
for (const type of catalog.types.toSorted()) {
  const definition = catalog.get(type);
  if (definition?.capabilities.accepts.includes('event') !== true || definition.capabilities.transport === 'session') continue;
  figures[type] = await measure(definition, toMessage(definition));
}
process.stdout.write(`${JSON.stringify(figures)}\n`);
