// GitHub as far as its statuses differ from those of other forges.
import { type CommitStatuses, readCommit } from '../../internal/sdk/git/commit-reading.ts';
import { ForgeRefusal, requireItems } from '../../internal/sdk/git/forge-answer.ts';
import {
  type CommitStatus,
  linkOf,
  sendCommitStatus,
  type StatusForge,
  type StatusRepository,
  statusValue,
} from '../../internal/sdk/git/commit-status.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { RenderInput, SendContext } from '../../internal/sdk/provider.ts';
import { asked, jsonOf, requireWritten, secondaryLimitMs } from './answer.ts';
import type { createClient } from './client.ts';
import { checkCredentials, connector } from './credentials.ts';
import { repositoryId, toRepository, type Repository } from './repository.ts';
import { sendCheckRun } from './send-check-run.ts';

/** The API answers 422 to a longer one. */
export const MAX_DESCRIPTION_CHARS = 140;
const PAGE_SIZE = 100;
/** GitHub keeps 1,000 statuses per context of a commit; past this many pages something answers that is not GitHub. */
const MAX_PAGES = 100;

const STATES = { success: 'success', failure: 'failure', pending: 'pending' } as const;
type GithubState = (typeof STATES)[keyof typeof STATES];

const forge: StatusForge = {
  name: 'github',
  states: STATES,
  maxDescriptionChars: MAX_DESCRIPTION_CHARS,
  limitedMs: secondaryLimitMs,
  open,
};

/** Sets the status unless the commit has it already; an App writes a check run for a whole commit, where it may. */
export async function sendStatus(context: SendContext, input: RenderInput): Promise<Outcome> {
  const check = await sendCheckRun(context, input);
  if (check.kind === 'told') return check.outcome;
  const outcome = await sendCommitStatus(forge, context, input);
  if (check.kind === 'none' || outcome.kind !== 'delivered') return outcome;
  const note = [outcome.note ?? '', `a commit status, because check runs were refused: ${check.why}`].filter((part) => part !== '');
  return { ...outcome, note: note.join('; '), remember: [...(outcome.remember ?? []), ...check.learnt] };
}

function open(context: SendContext, { config }: RenderInput): StatusRepository {
  const repository = toRepository(config.address);
  checkCredentials(config);
  const connect = connector(context, repository.apiBase, config);
  return {
    authenticate: async () => void (await connect()),
    id: `${repository.apiBase}/${repositoryId(repository)}`,
    read: async (status, commit) => {
      const reading = await readCommit(
        context,
        commit,
        async (last) => await readStatuses(await connect(), repository, { wanted: status, last }),
      );
      return { value: reading.all.get(status.context), remember: reading.remember };
    },
    create: async (status) => await createStatus(await connect(), repository, status),
  };
}

type Client = ReturnType<typeof createClient>;

interface StatusList {
  readonly wanted: CommitStatus;
  readonly last: CommitStatuses | undefined;
}

/**
 * Reads every page; of each context the newest complete status counts, as GitHub lists the newest first. So a first page that
 * has not changed says that nothing has, and that answer costs nothing of the token's budget.
 */
async function readStatuses(client: Client, repository: Repository, { wanted, last }: StatusList): Promise<CommitStatuses> {
  const all = new Map<string, string>();
  let etag = '';
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const answer = await readPage(client, repository, {
      sha: wanted.sha,
      page,
      ...(page === 1 && last !== undefined ? { etag: last.etag } : {}),
    });
    if (answer === 'unchanged') return last ?? { all, etag };
    const { items, hasNext } = answer;
    if (page === 1) etag = answer.etag;
    for (const { context, state, description, target_url } of items) {
      if (typeof context !== 'string' || typeof state !== 'string' || typeof description !== 'string') continue;
      if (!all.has(context)) all.set(context, statusValue({ state, description, url: linkOf(target_url, wanted) }));
    }
    if (!hasNext || items.length === 0) break;
  }
  return { all, etag };
}

async function createStatus(client: Client, { owner, name }: Repository, status: CommitStatus): Promise<void> {
  const { sha, context, description } = status;
  const state = status.state as GithubState;
  const link = status.url === '' ? {} : { target_url: status.url };
  requireWritten(await asked(() => client.rest.repos.createCommitStatus({ owner, repo: name, sha, state, ...link, description, context })));
}

interface Page {
  readonly sha: string;
  readonly page: number;
  readonly etag?: string;
}

/** https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate */
async function readPage(client: Client, { owner, name }: Repository, { sha, page, etag }: Page) {
  const conditions = etag === undefined ? {} : { headers: { 'if-none-match': etag } };
  const list = { owner, repo: name, ref: sha, per_page: PAGE_SIZE, page, ...conditions };
  try {
    const answer = await asked(() => client.rest.repos.listCommitStatusesForRef(list));
    const { headers, status } = answer;
    return { items: requireItems(jsonOf(answer), status), hasNext: /rel="?next"?/.test(headers.link ?? ''), etag: headers.etag ?? '' };
  } catch (error) {
    if (etag !== undefined && error instanceof ForgeRefusal && error.status === 304) return 'unchanged';
    throw error;
  }
}
