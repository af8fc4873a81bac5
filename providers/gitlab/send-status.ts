// GitLab as far as its statuses differ from those of other forges.
import type { Commits } from '@gitbeaker/rest';
import { ForgeRefusal } from '../../internal/sdk/git/forge-answer.ts';
import {
  type CommitStatus,
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
import { createClient } from './client.ts';
import { type Project, projectKey, toProject } from './project.ts';

/** https://docs.gitlab.com/api/commits/#set-commit-pipeline-status: a longer description is refused. */
export const MAX_DESCRIPTION_CHARS = 255;
/** Says that a context of the commit was asked for by its name. */
const ASKED_KEY = 'asked';

const forge: StatusForge = {
  name: 'gitlab',
  states: { success: 'success', failure: 'failed' },
  maxDescriptionChars: MAX_DESCRIPTION_CHARS,
  open,
};

/** Sets the status unless the commit has it already. */
export async function sendStatus(context: SendContext, input: RenderInput): Promise<Outcome> {
  return await sendCommitStatus(forge, context, input);
}

function open(context: SendContext, { config }: RenderInput): StatusRepository {
  const project = toProject(config.address);
  const token = requireToken(config.token || config.password, 'gitlab');
  const connect = async () => await createClient(context.http, { host: project.host, token });
  return {
    id: projectKey(project).join('/'),
    read: async (status, commitScope) => await readStatuses(await connect(), { context, project, commitScope }, status),
    create: async (status) => await createStatus(await connect(), project, status),
  };
}

interface Commit {
  readonly context: SendContext;
  readonly project: Project;
  readonly commitScope: string;
}

/**
 * GitLab can be asked for one context, which is all that a commit with one object needs. The second context of a commit
 * asks for all of them, so that the others need not ask.
 */
async function readStatuses(client: Commits, { context, project, commitScope }: Commit, status: CommitStatus): Promise<StatusReading> {
  const wasAsked = (await recallFact(context, commitScope, ASKED_KEY)) !== undefined;
  const filter = wasAsked ? {} : { name: status.context };
  const all = newestOf(await client.allStatuses(project.path, status.sha, filter), status.sha);
  const value = all.get(status.context);
  return wasAsked ? { value, all } : { value, remember: [{ scope: commitScope, key: ASKED_KEY, value: 'by name' }] };
}

/** GitLab's order is not promised, and a context has one status for each branch; the newest is what people see last. */
function newestOf(items: readonly Readonly<Record<string, unknown>>[], sha: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const ascending = items.toSorted((a, b) => Number(a['id']) - Number(b['id']));
  for (const { sha: itemSha, name, status, description } of ascending) {
    if (itemSha !== sha || typeof name !== 'string' || typeof status !== 'string') continue;
    values.set(name, statusValue({ state: status, description: typeof description === 'string' ? description : '' }));
  }
  return values;
}

async function createStatus(client: Commits, project: Project, { sha, context, state, description }: CommitStatus): Promise<void> {
  const wanted = state === 'success' ? 'success' : 'failed';
  try {
    await client.editStatus(project.path, sha, wanted, { name: context, description });
  } catch (error) {
    if (!isThereAlready(error, wanted)) throw error;
  }
}

/** `Cannot transition status via :succeed from :success`: somebody else was faster, with the same verdict. */
function isThereAlready(error: unknown, state: string): boolean {
  return (
    error instanceof ForgeRefusal && error.status === 400 && new RegExp(`Cannot transition status .* from :${state}\\b`).test(error.words)
  );
}
