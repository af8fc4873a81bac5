// Plays one recorded case against a running product.
import { setTimeout as sleep } from 'node:timers/promises';
import { sendHttp } from '../support/http-sender.ts';
import type { HostPort, Product } from '../support/product.ts';
import { compareCase, type ObservedAck } from './compare.ts';
import type { Ground } from './ground.ts';
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
  /** Requests that had arrived when the case was over. */
  readonly arrived: number;
  /** Something of the case is tried again later, so that repeats may still arrive. */
  readonly isTriedLater: boolean;
}

const SETTLE_WITHIN_MS = 12_000;
/** Providers whose requests a vendor's own client makes. */
const FORGES = /^(?:github|gitlab|gitea|bitbucket|azuredevops)/;

/** The program, and where its objects lie. */
export interface Stage {
  readonly product: Product;
  readonly ground: Pick<Ground, 'staysPending'>;
}

export async function runCase(prepared: PreparedCase, stage: Stage): Promise<CaseResult> {
  const { vector, recorder } = prepared;
  const played = await play(vector, stage);
  const differences =
    played.failure === undefined
      ? compareCase(fillIn(vector.expected, prepared.placeholders), {
          acks: played.acks,
          requests: recorder.requests,
          sinkDown: vector.given.sinkDown === true,
          forge: isForge(vector),
        })
      : [played.failure];
  const { notes, isTriedLater } = played;
  return { name: vector.name, differences, notes, arrived: recorder.requests.length, isTriedLater };
}

interface Played {
  readonly acks: readonly ObservedAck[];
  readonly notes: readonly string[];
  readonly isTriedLater: boolean;
  /** The case could not be played to its end. */
  readonly failure?: string;
}

/** Sends the events of a case and waits until what follows from them is over. */
async function play({ given }: Vector, stage: Stage): Promise<Played> {
  const acks: ObservedAck[] = [];
  const rests: Rest[] = [];
  const played = (): Omit<Played, 'failure'> => ({
    acks,
    notes: rests.flatMap(({ notes }) => notes),
    isTriedLater: rests.some(({ isTriedLater }) => isTriedLater),
  });
  try {
    for (const event of given.events ?? []) {
      const sentAtMs = Date.now();
      const ack = await post(stage.product.addresses.events, event);
      acks.push(ack);
      // With a gap the next event comes at its time, whatever the one before it still does.
      if (given.eventGapMs === undefined) rests.push(await settle(stage, ack));
      else await sleep(Math.max(0, sentAtMs + given.eventGapMs - Date.now()));
    }
    if (given.eventGapMs !== undefined) for (const ack of acks) rests.push(await settle(stage, ack));
    return played();
  } catch (error) {
    return { ...played(), failure: `could not be played: ${String(error)}` };
  }
}

function isForge(vector: Vector): boolean {
  const providers = (vector.given.objects ?? []).filter((object) => object.kind === 'Provider');
  return providers.some((provider) => FORGES.test(String(provider.spec?.type)));
}

type Rest = Pick<Played, 'notes' | 'isTriedLater'>;

async function settle({ product, ground }: Stage, ack: ObservedAck): Promise<Rest> {
  const eventId = ack.headers.find(([name]) => name.toLowerCase() === 'tocsin-event')?.[1];
  if (eventId === undefined) return { notes: ack.status === 202 ? ['the answer names no Tocsin-Event'] : [], isTriedLater: false };
  const ask = (path: string): ReturnType<Product['admin']> => product.admin(path);
  const { deliveries, waitedFor, isTriedLater }: Settled = await waitUntilSettled({
    ask,
    eventId,
    withinMs: SETTLE_WITHIN_MS,
    staysPending: (reason) => ground.staysPending(reason),
  });
  const notes = deliveries.map((delivery) => `delivery ${delivery}`);
  return { notes: waitedFor === undefined ? notes : [...notes, `did not come to rest, waited for ${waitedFor}`], isTriedLater };
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
