// GitHub's API of check runs, which only Apps may write.
import type { CommitStatus } from '../../internal/sdk/git/commit-status.ts';
import { requireItems } from '../../internal/sdk/git/forge-answer.ts';
import { asked, isNotFound, UnusableAnswer } from './answer.ts';
import type { createClient } from './client.ts';
import type { Repository } from './repository.ts';

type Client = ReturnType<typeof createClient>;

/** What is known of the run of a commit. A run that is completed stays so: what begins anew is a new run. */
export interface Run {
  readonly id: number;
  readonly isCompleted: boolean;
}

/** What a run is to say. */
export interface RunText {
  readonly status: CommitStatus;
  /** Empty while work goes on. */
  readonly conclusion: 'success' | 'failure' | 'neutral' | '';
  readonly summary: string;
  readonly text: string;
  /** Tells this text from another one. */
  readonly digest: string;
}

/** The newest run of an App under the name of the status, with the digest of what it says. */
export async function findRun(
  client: Client,
  { owner, name: repo }: Repository,
  { sha, context, appId }: { readonly sha: string; readonly context: string; readonly appId: number },
): Promise<(Run & { readonly digest: string }) | undefined> {
  const list = { owner, repo, ref: sha, check_name: context, filter: 'latest' as const, app_id: appId };
  const { data, status } = await asked(() => client.rest.checks.listForRef(list));
  const [newest] = requireItems(data?.check_runs, status).toSorted((a, b) => Number(b['id']) - Number(a['id']));
  if (typeof newest?.['id'] !== 'number') return undefined;
  const digest = typeof newest['external_id'] === 'string' ? newest['external_id'] : '';
  return { id: newest['id'], isCompleted: newest['status'] === 'completed', digest };
}

/** Brings a run to the text, or makes one. */
export async function writeRun(client: Client, { owner, name: repo }: Repository, text: RunText, run: Run | undefined): Promise<Run> {
  const body = toBody(text);
  const isCompleted = text.conclusion !== '';
  if (run !== undefined && (isCompleted || !run.isCompleted)) {
    try {
      await asked(() => client.rest.checks.update({ owner, repo, check_run_id: run.id, ...body }));
      return { id: run.id, isCompleted };
    } catch (error) {
      // It went with the suite that it belonged to.
      if (!isNotFound(error)) throw error;
    }
  }
  const { data, status } = await asked(() => client.rest.checks.create({ owner, repo, head_sha: text.status.sha, ...body }));
  if (typeof data?.id !== 'number') throw new UnusableAnswer(status, 'the answer names no check run');
  return { id: data.id, isCompleted };
}

/** https://docs.github.com/rest/checks/runs#create-a-check-run */
function toBody({ status: { context, url, description }, conclusion, summary, text, digest }: RunText) {
  return {
    name: context,
    ...(url === '' ? {} : { details_url: url }),
    external_id: digest,
    ...(conclusion === '' ? { status: 'in_progress' as const } : { status: 'completed' as const, conclusion }),
    output: { title: description, summary, ...(text === '' ? {} : { text }) },
  };
}
