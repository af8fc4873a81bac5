// GitLab as far as its statuses differ from those of other forges.
import type { Commits } from '@gitbeaker/rest';
import { type Commit, readCommit } from '../../internal/sdk/git/commit-reading.ts';
import { ForgeRefusal } from '../../internal/sdk/git/forge-answer.ts';
import {
  type CommitStatus,
  linkOf,
  requireToken,
  sendCommitStatus,
  type StatusForge,
  type StatusReading,
  type StatusRepository,
  statusValue,
} from '../../internal/sdk/git/commit-status.ts';
import { recallFact } from '../../internal/sdk/git/status-memory.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { RenderInput, SendContext } from '../../internal/sdk/provider.ts';
import { createCommitsClient } from './client.ts';
import { type Project, projectKey, toProject } from './project.ts';

/** https://docs.gitlab.com/api/commits/#set-commit-pipeline-status: a longer description is refused. */
export const MAX_DESCRIPTION_CHARS = 255;
/** GitLab keeps a link in a column of 255 characters and refuses a longer one. */
const MAX_URL_CHARS = 255;
/** Says that a context of the commit was asked for by its name. */
const ASKED_KEY = 'asked';

const STATES = { success: 'success', failure: 'failed', pending: 'pending' } as const;
type GitlabState = (typeof STATES)[keyof typeof STATES];

const forge: StatusForge = {
  name: 'gitlab',
  states: STATES,
  maxDescriptionChars: MAX_DESCRIPTION_CHARS,
  maxUrlChars: MAX_URL_CHARS,
  open,
};

/** Sets the status unless the commit has it already. */
export async function sendStatus(context: SendContext, input: RenderInput): Promise<Outcome> {
  return await sendCommitStatus(forge, context, input);
}

function open(context: SendContext, { config }: RenderInput): StatusRepository {
  const project = toProject(config.address);
  const token = requireToken(config.token || config.password, 'gitlab');
  const connect = async () => await createCommitsClient(context.http, { host: project.host, token });
  return {
    id: projectKey(project).join('/'),
    read: async (status, commit) => await readStatuses(await connect(), { context, project, commit }, status),
    create: async (status) => await createStatus(await connect(), project, status),
  };
}

interface Question {
  readonly context: SendContext;
  readonly project: Project;
  readonly commit: Commit;
}

/**
 * GitLab can be asked for one context, which is all that a commit with one object needs. The second context of a commit
 * asks for all of them, so that the others need not ask.
 */
async function readStatuses(client: Commits, { context, project, commit }: Question, status: CommitStatus): Promise<StatusReading> {
  const list = async (filter: { readonly name?: string }) => newestOf(await client.allStatuses(project.path, status.sha, filter), status);
  if ((await recallFact(context, commit.scope, ASKED_KEY)) === undefined) {
    const ask = async () => ({ name: status.context, all: await list({ name: status.context }) });
    const first = commit.isDoubtful ? await ask() : await context.shared(`first of ${commit.scope}`, ask);
    const remember = [{ scope: commit.scope, key: ASKED_KEY, value: 'by name' }];
    if (first.name === status.context) return { value: first.all.get(status.context), remember };
  }
  const { all, remember } = await readCommit(context, commit, async () => ({ all: await list({}), etag: '' }));
  return { value: all.get(status.context), remember };
}

/**
 * GitLab's order is not promised, and a context has one status for each branch; the newest is what people see last. Of one
 * branch only the last one is listed, so where there are more of them, an equal one is enough, as it is for Flux.
 */
function newestOf(items: readonly Readonly<Record<string, unknown>>[], wanted: CommitStatus): ReadonlyMap<string, string> {
  const newest = new Map<string, { readonly ref: unknown; readonly value: string }>();
  const equal = statusValue(wanted);
  const ascending = items.toSorted((a, b) => Number(a['id']) - Number(b['id']));
  for (const { sha, name, ref, status, description, target_url } of ascending) {
    if (sha !== wanted.sha || typeof name !== 'string' || typeof status !== 'string') continue;
    const known = newest.get(name);
    if (name === wanted.context && known?.value === equal && known.ref === ref) continue;
    const text = typeof description === 'string' ? description : '';
    newest.set(name, { ref, value: statusValue({ state: status, description: text, url: linkOf(target_url, wanted) }) });
  }
  return new Map([...newest].map(([name, { value }]) => [name, value]));
}

async function createStatus(client: Commits, project: Project, { sha, context, state, description, url }: CommitStatus): Promise<void> {
  const link = url === '' ? {} : { targetUrl: url };
  try {
    await client.editStatus(project.path, sha, state as GitlabState, { name: context, description, ...link });
  } catch (error) {
    if (!isThereAlready(error, state)) throw error;
  }
}

/** `Cannot transition status via :succeed from :success`: somebody else was faster, with the same verdict. */
function isThereAlready(error: unknown, state: string): boolean {
  return (
    error instanceof ForgeRefusal && error.status === 400 && new RegExp(`Cannot transition status .* from :${state}\\b`).test(error.words)
  );
}
