// What is remembered of a commit's statuses, so that a status that is there already costs no call.
import type { Fact } from '../outcome.ts';
import type { Recollection, SendContext } from '../provider.ts';

/** How long something remembered of a forge is believed without asking. */
const TRUSTED_MS = 3_600_000;
/** A commit with more contexts than fit is read again for each of them. */
const MAX_REMEMBERED_CHARS = 65_536;

const STATUS_KEY = 'status';
const COMMIT_KEY = 'statuses';

/** What the memory says of one context. */
export interface Recalled {
  /** undefined = the commit has no status of this context. */
  readonly value: string | undefined;
}

/** The fact that the delivery's context now has this value. */
export function statusFact(context: SendContext, value: string): Fact {
  return { scope: context.lane, key: STATUS_KEY, value };
}

/** The facts that all statuses of a commit were read; the map goes from contexts to values. */
export function commitFacts(scope: string, values: ReadonlyMap<string, string>): readonly Fact[] {
  const value = JSON.stringify([...values]);
  return value.length <= MAX_REMEMBERED_CHARS ? [{ scope, key: COMMIT_KEY, value }] : [];
}

/** What is known of the context; undefined when the forge has to be asked. `scope` names the commit. */
export async function recallStatus(context: SendContext, scope: string, name: string): Promise<Recalled | undefined> {
  const own = await context.memory.get(context.lane, STATUS_KEY);
  if (own !== undefined && !own.known) return undefined;
  if (isTrusted(own)) return { value: own.value };
  // Nothing was ever posted in this lane, or longer ago than another context's reading of the whole commit.
  const seen = await context.memory.get(scope, COMMIT_KEY);
  if (!isTrusted(seen)) return undefined;
  return { value: new Map(JSON.parse(seen.value) as [string, string][]).get(name) };
}

/** Something that a provider remembers of a server; undefined when it is unknown or too old. */
export async function recallFact(context: SendContext, scope: string, key: string): Promise<string | undefined> {
  const fact = await context.memory.get(scope, key);
  return isTrusted(fact) ? fact.value : undefined;
}

function isTrusted(fact: Recollection | undefined): fact is Extract<Recollection, { known: true }> {
  return fact?.known === true && fact.ageMs <= TRUSTED_MS;
}
