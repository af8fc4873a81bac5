// One step of a replay or cancel: the deliveries named, or one page of those that match, oldest first so that a lane keeps its
// order. The cursor only moves forward: what dies again while a long replay goes on is not replayed a second time by it.
import type { z } from 'zod';
import type { CancelResult, Delivery, DeliveryFilter, ReplayResult } from '../outbox/store.ts';
import type { Logger } from '../sdk/ports.ts';
import { toSelectionFilter } from './filters.ts';
import type { CancelBody, ReplayBody } from './requests.ts';
import type { AdminOutbox } from './tenant-outbox.ts';

interface Step<T> {
  readonly items: readonly { readonly id: string; readonly result: T; readonly delivery?: Delivery }[];
  readonly next: string | null;
}

export async function replayStep(outbox: AdminOutbox, body: z.output<typeof ReplayBody>, log: Logger): Promise<Step<ReplayResult>> {
  const found = await findStep(outbox, body);
  const { force, by, dryRun } = body;
  const results = await outbox.replay({ ids: found.ids, force, by, dryRun });
  if (!dryRun) log.info({ by, force, requeued: count(results, 'requeued'), outdated: count(results, 'outdated') }, 'deliveries replayed');
  return toStep(found, results);
}

export async function cancelStep(outbox: AdminOutbox, body: z.output<typeof CancelBody>, log: Logger): Promise<Step<CancelResult>> {
  const found = await findStep(outbox, body);
  const { by, dryRun } = body;
  const results = await outbox.cancel({ ids: found.ids, by, dryRun });
  if (!dryRun) log.info({ by, cancelled: count(results, 'cancelled') }, 'deliveries cancelled');
  return toStep(found, results);
}

interface Found {
  readonly ids: readonly string[];
  readonly deliveries: ReadonlyMap<string, Delivery>;
  readonly next: string | null;
}

async function findStep(outbox: AdminOutbox, body: z.output<typeof ReplayBody> | z.output<typeof CancelBody>): Promise<Found> {
  const { ids, select, limit, after } = body;
  if (select === undefined) return findByIds(outbox, ids ?? []);
  const page = await outbox.deliveries(toSelectionFilter(select, { limit, after }));
  return { ids: page.map(({ id }) => id), deliveries: byId(page), next: page.length < limit ? null : (page.at(-1)?.id ?? null) };
}

/** Those that are there first and in their order, then the others. */
async function findByIds(outbox: AdminOutbox, ids: readonly string[]): Promise<Found> {
  const filter: DeliveryFilter = { ids, limit: ids.length, order: 'oldest', withHistory: false };
  const deliveries = byId(await outbox.deliveries(filter));
  return { ids: [...new Set([...deliveries.keys(), ...ids])], deliveries, next: null };
}

function byId(deliveries: readonly Delivery[]): ReadonlyMap<string, Delivery> {
  return new Map(deliveries.map((delivery) => [delivery.id, delivery]));
}

function toStep<T>({ ids, deliveries, next }: Found, results: readonly T[]): Step<T> {
  const items = ids.flatMap((id, index) => {
    const result = results[index];
    const delivery = deliveries.get(id);
    if (result === undefined) return [];
    return [{ id, result, ...(delivery === undefined ? {} : { delivery }) }];
  });
  return { items, next };
}

function count<T>(results: readonly T[], result: T): number {
  return results.filter((one) => one === result).length;
}
