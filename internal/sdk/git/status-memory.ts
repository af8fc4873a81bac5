// What is remembered of a commit's statuses, so that a status that is there already costs no call.
import type { Fact } from '../outcome.ts';
import type { Recollection, SendContext } from '../provider.ts';
import type { CommitStatuses } from './commit-reading.ts';

/** How long something remembered of a forge is believed without asking. */
const TRUSTED_MS = 3_600_000;
/** A commit with more contexts than fit is read again for each of them. */
const MAX_REMEMBERED_CHARS = 65_536;

const STATUS_KEY = 'status';
const COMMIT_KEY = 'statuses';
/** No status has this value. */
const DOUBT = '';
const ETAG_KEY = 'etag';

/** What the memory says of one context. */
export interface Recalled {
  /** undefined = the forge has to be asked; a value of undefined = the commit has no status of this context. */
  readonly known: { readonly value: string | undefined } | undefined;
  /** A try of this context ended without an answer. */
  readonly isDoubtful: boolean;
}

/** The fact that the delivery's context now has this value. */
export function statusFact(context: SendContext, value: string): Fact {
  return { scope: context.lane, key: STATUS_KEY, value };
}

/** The fact that a try may have changed the delivery's context although the forge did not say so. */
export function statusDoubt(context: SendContext): Fact {
  return statusFact(context, DOUBT);
}

/** The facts that all statuses of a commit were read, and the tag of that reading, which must never outlive it. */
export function commitFacts(scope: string, { all, etag }: CommitStatuses): readonly Fact[] {
  const value = JSON.stringify([...all]);
  if (value.length > MAX_REMEMBERED_CHARS) return [];
  return [
    { scope, key: COMMIT_KEY, value },
    { scope, key: ETAG_KEY, value: etag },
  ];
}

/** The last reading of the commit, however old; undefined when there is none that the forge could be asked about. */
export async function recallCommit(context: SendContext, scope: string): Promise<CommitStatuses | undefined> {
  const etag = await context.memory.get(scope, ETAG_KEY);
  if (etag?.known !== true || etag.value === '') return undefined;
  const seen = await context.memory.get(scope, COMMIT_KEY);
  return seen?.known === true ? { all: toStatuses(seen.value), etag: etag.value } : undefined;
}

/** What is known of the context. `scope` names the commit. */
export async function recallStatus(context: SendContext, scope: string, name: string): Promise<Recalled> {
  const own = await context.memory.get(context.lane, STATUS_KEY);
  if (own !== undefined && (!own.known || own.value === DOUBT)) return { known: undefined, isDoubtful: true };
  if (isTrusted(own)) return { known: { value: own.value }, isDoubtful: false };
  // Nothing was ever posted in this lane, or longer ago than another context's reading of the whole commit.
  const seen = await context.memory.get(scope, COMMIT_KEY);
  const known = isTrusted(seen) ? { value: toStatuses(seen.value).get(name) } : undefined;
  return { known, isDoubtful: false };
}

function toStatuses(value: string): ReadonlyMap<string, string> {
  return new Map(JSON.parse(value) as [string, string][]);
}

/** Something that a provider remembers of a server; undefined when it is unknown or too old. */
export async function recallFact(context: SendContext, scope: string, key: string): Promise<string | undefined> {
  const fact = await context.memory.get(scope, key);
  return isTrusted(fact) ? fact.value : undefined;
}

function isTrusted(fact: Recollection | undefined): fact is Extract<Recollection, { known: true }> {
  return fact?.known === true && fact.ageMs <= TRUSTED_MS;
}
