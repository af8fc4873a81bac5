// GitHub as far as its statuses differ from those of other forges.
import { requireItems } from '../../internal/sdk/git/forge-answer.ts';
import {
  type CommitStatus,
  sendCommitStatus,
  type StatusForge,
  type StatusReading,
  type StatusRepository,
  statusValue,
} from '../../internal/sdk/git/commit-status.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { RenderInput, SendContext } from '../../internal/sdk/provider.ts';
import { asked, secondaryLimitMs, UnusableAnswer } from './answer.ts';
import { createClient } from './client.ts';
import { checkCredentials, tokenOf } from './credentials.ts';
import { repositoryId, toRepository, type Repository } from './repository.ts';

/** The API answers 422 to a longer one. */
export const MAX_DESCRIPTION_CHARS = 140;
const PAGE_SIZE = 100;
/** GitHub keeps 1,000 statuses per context of a commit; past this many pages something answers that is not GitHub. */
const MAX_PAGES = 100;

const forge: StatusForge = {
  name: 'github',
  states: { success: 'success', failure: 'failure' },
  maxDescriptionChars: MAX_DESCRIPTION_CHARS,
  limitedMs: secondaryLimitMs,
  open,
};

/** Sets the status unless the commit has it already. */
export async function sendStatus(context: SendContext, input: RenderInput): Promise<Outcome> {
  return await sendCommitStatus(forge, context, input);
}

function open(context: SendContext, { config }: RenderInput): StatusRepository {
  const repository = toRepository(config.address);
  checkCredentials(config);
  const connect = async () => createClient(context, repository.apiBase, await tokenOf(context, config));
  return {
    authenticate: async () => void (await tokenOf(context, config)),
    id: `${repository.apiBase}/${repositoryId(repository)}`,
    read: async (status) => await readStatuses(await connect(), repository, status),
    create: async (status) => await createStatus(await connect(), repository, status),
  };
}

type Client = ReturnType<typeof createClient>;

/** Reads every page; of each context the newest complete status counts, as GitHub lists the newest first. */
async function readStatuses(client: Client, repository: Repository, status: CommitStatus): Promise<StatusReading> {
  const all = new Map<string, string>();
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const { items, hasNext } = await readPage(client, repository, { sha: status.sha, page });
    for (const { context, state, description } of items) {
      if (typeof context !== 'string' || typeof state !== 'string' || typeof description !== 'string') continue;
      if (!all.has(context)) all.set(context, statusValue({ state, description }));
    }
    if (!hasNext || items.length === 0) break;
  }
  return { value: all.get(status.context), all };
}

async function createStatus(client: Client, { owner, name }: Repository, status: CommitStatus): Promise<void> {
  const { sha, context, description } = status;
  const state = status.state === 'success' ? 'success' : 'failure';
  const answer = await asked(() => client.rest.repos.createCommitStatus({ owner, repo: name, sha, state, description, context }));
  const answered: number = answer.status;
  if (answered < 200 || answered >= 300) throw new UnusableAnswer(answered, 'the answer is a redirect');
}

async function readPage(client: Client, { owner, name }: Repository, { sha, page }: { sha: string; page: number }) {
  const call = () => client.rest.repos.listCommitStatusesForRef({ owner, repo: name, ref: sha, per_page: PAGE_SIZE, page });
  const { data, headers, status } = await asked(call);
  return { items: requireItems(data, status), hasNext: /rel="?next"?/.test(headers.link ?? '') };
}
