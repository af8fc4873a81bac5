// Plays one recorded case against a running product.
import { sendHttp } from '../support/http-sender.ts';
import type { HostPort, Product } from '../support/product.ts';
import { compareCase, type ObservedAck } from './compare.ts';
import { fillIn, type Placeholders } from './placeholders.ts';
import type { Recorder } from './recorder.ts';
import { type Settled, waitUntilSettled } from './settled.ts';
import type { Json, RawRequest, Vector } from './vector.ts';

/** A case that is set up: placeholders filled in, its recording server listening unless the case wants it down. */
export interface PreparedCase {
  readonly vector: Vector;
  readonly recorder: Recorder;
  readonly placeholders: Placeholders;
}

export interface CaseResult {
  readonly name: string;
  readonly differences: readonly string[];
  /** What the product says of its deliveries, and whether it came to rest. */
  readonly notes: readonly string[];
  /** Requests that had arrived when the case was over; more may only be repeats. */
  readonly arrived: number;
}

const SETTLE_WITHIN_MS = 12_000;
/** Providers whose requests a vendor's own client makes. */
const FORGES = /^(?:github|gitlab|gitea|bitbucket|azuredevops)/;

export async function runCase(prepared: PreparedCase, product: Product): Promise<CaseResult> {
  const { vector, recorder } = prepared;
  const acks: ObservedAck[] = [];
  const notes: string[] = [];
  try {
    for (const event of vector.given.events ?? []) {
      const sentAtMs = Date.now();
      const ack = await post(product.addresses.events, event);
      acks.push(ack);
      // With a gap the next event comes at its time, whatever the one before it still does.
      const gapMs = vector.given.eventGapMs;
      if (gapMs === undefined) notes.push(...(await settle(product, ack)));
      else await new Promise((resolve) => setTimeout(resolve, Math.max(0, sentAtMs + gapMs - Date.now())));
    }
    if (vector.given.eventGapMs !== undefined) for (const ack of acks) notes.push(...(await settle(product, ack)));
  } catch (error) {
    return { name: vector.name, differences: [`could not be played: ${String(error)}`], notes, arrived: recorder.requests.length };
  }
  const differences = compareCase(fillIn(vector.expected, prepared.placeholders), {
    acks,
    requests: recorder.requests,
    sinkDown: vector.given.sinkDown === true,
    forge: isForge(vector),
  });
  return { name: vector.name, differences, notes, arrived: recorder.requests.length };
}

function isForge(vector: Vector): boolean {
  const providers = (vector.given.objects ?? []).filter((object) => object.kind === 'Provider');
  return providers.some((provider) => FORGES.test(String(provider.spec?.type)));
}

async function settle(product: Product, ack: ObservedAck): Promise<readonly string[]> {
  const eventId = ack.headers.find(([name]) => name.toLowerCase() === 'tocsin-event')?.[1];
  if (eventId === undefined) return ack.status === 202 ? ['the answer names no Tocsin-Event'] : [];
  const ask = (path: string): ReturnType<Product['admin']> => product.admin(path);
  const settled: Settled = await waitUntilSettled({ ask, eventId, withinMs: SETTLE_WITHIN_MS });
  const notes = settled.deliveries.map((delivery) => `delivery ${delivery}`);
  return settled.waitedFor === undefined ? notes : [...notes, `did not come to rest, waited for ${settled.waitedFor}`];
}

async function post(to: HostPort, event: Json): Promise<ObservedAck> {
  const raw = toRaw(event);
  if (raw === undefined) {
    return sendHttp({ to, method: 'POST', path: '/', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(event) });
  }
  const { method = 'POST', path = '/', headers = {}, body, repeat } = raw;
  return sendHttp({ to, method, path, headers, body: body ?? toRepeated(repeat) });
}

function toRaw(event: Json): RawRequest | undefined {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return undefined;
  return (event as { readonly $http?: RawRequest }).$http;
}

function toRepeated(repeat: RawRequest['repeat']): string {
  if (repeat === undefined) return '';
  return `${repeat.prefix ?? ''}${repeat.unit.repeat(repeat.count)}${repeat.suffix ?? ''}`;
}
