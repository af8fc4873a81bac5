// A commit's statuses: what is remembered of them, what GitHub says, and writing one.
import type { Octokit } from '@octokit/rest';
import type { Fact, SendContext } from '../../internal/sdk/provider.ts';
import { UnusableAnswer } from './answer.ts';
import { repositoryId, type Repository } from './repository.ts';

/** How long a remembered status is believed without asking. */
const TRUSTED_MS = 3_600_000;
const PAGE_SIZE = 100;
/** GitHub keeps 1,000 statuses per context of a commit; past this many pages something answers that is not GitHub. */
const MAX_PAGES = 100;
/** A commit with more contexts than fit is read again for each of them. */
const MAX_REMEMBERED_CHARS = 65_536;

const STATUS_KEY = 'status';
const COMMIT_KEY = 'statuses';

/** What a context says of a commit. */
export interface Status {
  readonly state: 'success' | 'failure';
  readonly description: string;
  readonly context: string;
}

export interface Commit {
  readonly repository: Repository;
  readonly sha: string;
}

/** What is known of one context: its present value (`undefined` = it has none), and what of the reading is worth remembering. */
interface Known {
  readonly value: string | undefined;
  readonly remember: readonly Fact[];
}

/** Equal statuses have equal values. */
export function toValue(status: { readonly state: string; readonly description: string }): string {
  return JSON.stringify([status.state, status.description]);
}

/** The fact that a context now has this value. */
export function toFact(context: SendContext, value: string): Fact {
  return { scope: context.lane, key: STATUS_KEY, value };
}

/** The remembered value of the context, or undefined when GitHub has to be asked. */
export async function recall(context: SendContext, commit: Commit, name: string): Promise<Known | undefined> {
  const own = await context.memory.get(context.lane, STATUS_KEY);
  if (own !== undefined) return own.known && own.ageMs <= TRUSTED_MS ? { value: own.value, remember: [] } : undefined;
  // Nothing was ever posted in this lane, so what another context's reading of the commit saw still holds.
  const seen = await context.memory.get(scopeOf(commit), COMMIT_KEY);
  if (seen === undefined || !seen.known || seen.ageMs > TRUSTED_MS) return undefined;
  return { value: new Map(JSON.parse(seen.value) as [string, string][]).get(name), remember: [] };
}

/** Reads every page; of each context the newest complete status counts, as GitHub lists the newest first. */
export async function readStatuses(client: Octokit, commit: Commit, name: string): Promise<Known> {
  const values = new Map<string, string>();
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const { items, hasNext } = await readPage(client, commit, page);
    for (const { context, state, description } of items) {
      if (typeof context !== 'string' || typeof state !== 'string' || typeof description !== 'string') continue;
      if (!values.has(context)) values.set(context, toValue({ state, description }));
    }
    if (!hasNext || items.length === 0) break;
  }
  const value = JSON.stringify([...values]);
  const remember = value.length <= MAX_REMEMBERED_CHARS ? [{ scope: scopeOf(commit), key: COMMIT_KEY, value }] : [];
  return { value: values.get(name), remember };
}

/** Creates the status. */
export async function createStatus(client: Octokit, { repository, sha }: Commit, status: Status): Promise<void> {
  const answer = await client.rest.repos.createCommitStatus({ owner: repository.owner, repo: repository.name, sha, ...status });
  const answered: number = answer.status;
  if (answered < 200 || answered >= 300) throw new UnusableAnswer(answered, 'the answer is a redirect');
}

interface Page {
  readonly items: readonly Readonly<Record<string, unknown>>[];
  readonly hasNext: boolean;
}

async function readPage(client: Octokit, { repository, sha }: Commit, page: number): Promise<Page> {
  const { data, headers, status } = await client.rest.repos.listCommitStatusesForRef({
    owner: repository.owner,
    repo: repository.name,
    ref: sha,
    per_page: PAGE_SIZE,
    page,
  });
  const items: unknown = data;
  if (!Array.isArray(items)) throw new UnusableAnswer(status, 'the answer is not a list of statuses');
  return { items: items.filter((item) => typeof item === 'object' && item !== null), hasNext: /rel="?next"?/.test(headers.link ?? '') };
}

function scopeOf({ repository, sha }: Commit): string {
  return `github-commit:${repository.apiBase}/${repositoryId(repository)}@${sha}`;
}
