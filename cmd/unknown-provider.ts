// A Provider that is named to a command and that nobody knows. Nothing found for it would pass for good news, so it is told.
import { countSlips } from '../internal/routing/slips.ts';
import { AdminError, type AdminFlags, ask } from './admin-client.ts';
import { toCount } from './words.ts';

/** Names that one can take in at a glance. */
const SHOWN = 5;

/** What a server answers that has no list of Providers. */
const NO_LIST: ReadonlySet<string> = new Set(['not-found', 'method-not-allowed']);

/** A Provider by its names. */
export interface ProviderName {
  readonly namespace: string;
  readonly name: string;
}

interface KnownProvider extends ProviderName {
  readonly key: string;
}

/** Rejects where no Provider has this key and nothing that was owed to one is stored. */
export async function refuseUnknownProvider(flags: AdminFlags, key: string): Promise<void> {
  const unknown = await describeUnknownProvider(flags, key);
  if (unknown !== undefined) throw new AdminError(unknown, { code: 'not-found' });
}

/** What to say of the Provider of a key; undefined where it is configured, or something that was owed to it is stored. */
export async function describeUnknownProvider(flags: AdminFlags, key: string): Promise<string | undefined> {
  const owed = (await ask(flags, '/api/v1/deliveries', { target: key, limit: 1, history: false })) as {
    readonly items: readonly unknown[];
  };
  if (owed.items.length > 0) return undefined;
  const known = await knownProviders(flags);
  return known === undefined || known.some((one) => one.key === key) ? undefined : describeProviders(toName(key), known);
}

/** Says that there is none, and which there are: the one that was meant comes first. */
export function describeProviders(wanted: ProviderName, known: readonly ProviderName[]): string {
  const missing = `there is no Provider ${nameOf(wanted)}`;
  if (known.length === 0) return `${missing}: this server has none, or has not read its manifests yet`;
  const nearest = known
    .map((one) => ({ name: nameOf(one), slips: slipsBetween(wanted, one) }))
    .toSorted((one, other) => one.slips - other.slips || (one.name < other.name ? -1 : 1))
    .map(({ name }) => name);
  const more = nearest.length > SHOWN ? ` and ${toCount(nearest.length - SHOWN)} more` : '';
  return `${missing}, and nothing that was owed to one is stored; there is ${nearest.slice(0, SHOWN).join(', ')}${more}`;
}

/** Undefined where the server has no such list. */
async function knownProviders(flags: AdminFlags): Promise<readonly KnownProvider[] | undefined> {
  try {
    return ((await ask(flags, '/api/v1/providers')) as { readonly items: readonly KnownProvider[] }).items;
  } catch (error) {
    if (error instanceof AdminError && NO_LIST.has(error.code)) return undefined;
    throw error;
  }
}

/** Whoever forgets the namespace is as near as whoever mistypes a letter. */
function slipsBetween(wanted: ProviderName, known: ProviderName): number {
  if (wanted.name === known.name) return 1;
  return countSlips(nameOf(wanted).toLowerCase(), nameOf(known).toLowerCase());
}

function toName(key: string): ProviderName {
  const [namespace = '', name = ''] = key.split('/').slice(-2);
  return { namespace, name };
}

function nameOf({ namespace, name }: ProviderName): string {
  return `${namespace}/${name}`;
}
