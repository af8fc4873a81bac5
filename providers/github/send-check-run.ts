// A whole commit as a check run with a page of details. An App that may not write check runs sets a commit status instead,
// and is tried again after an hour.
import { createHash } from 'node:crypto';
import { type CommitCount, countObjects } from '../../internal/sdk/git/commit-count.ts';
import { type CommitStatus, sendCommitStatus, type StatusForge, type StatusRepository } from '../../internal/sdk/git/commit-status.ts';
import { ForgeRefusal, outcomeOfForgeError } from '../../internal/sdk/git/forge-answer.ts';
import { isWholeCommit } from '../../internal/sdk/git/status-draft.ts';
import { recallFact } from '../../internal/sdk/git/status-memory.ts';
import type { Fact, Outcome } from '../../internal/sdk/outcome.ts';
import type { RenderInput, SendContext } from '../../internal/sdk/provider.ts';
import { vendorWords } from '../../internal/sdk/text/vendor-words.ts';
import { secondaryLimitMs } from './answer.ts';
import { hasApp } from './app.ts';
import { findRun, type Run, type RunText, writeRun } from './check-runs.ts';
import type { createClient } from './client.ts';
import { toPage } from './commit-page.ts';
import { connector, secretToken } from './credentials.ts';
import { repositoryId, toRepository } from './repository.ts';

/** The title stands in a list; GitHub names no limit. */
const MAX_TITLE_CHARS = 140;
const RUN_KEY = 'check-run';
const REFUSED_KEY = 'refused';

/** The outcome of a check run, or why a commit status has to do. */
export type CheckRunResult =
  | { readonly kind: 'told'; readonly outcome: Outcome }
  | { readonly kind: 'refused'; readonly why: string; readonly learnt: readonly Fact[] }
  /** Nothing for a check run, or nobody who could write one. */
  | { readonly kind: 'none' };

const forge: StatusForge = {
  name: 'github check',
  states: { success: 'success', failure: 'failure', pending: 'in_progress' },
  maxDescriptionChars: MAX_TITLE_CHARS,
  limitedMs: secondaryLimitMs,
  open,
};

/** Tells a whole commit as an App may. */
export async function sendCheckRun(context: SendContext, input: RenderInput): Promise<CheckRunResult> {
  const { config } = input;
  if (!isWholeCommit(input) || secretToken(config) !== '' || !hasApp(config)) return { kind: 'none' };
  const repository = toRepository(config.address);
  const scope = `github-checks:${repository.apiBase}/${repositoryId(repository)}`;
  const refused = await recallFact(context, scope, REFUSED_KEY);
  if (refused !== undefined) return { kind: 'refused', why: refused, learnt: [] };
  try {
    return { kind: 'told', outcome: await sendCommitStatus(forge, context, input) };
  } catch (error) {
    if (!(error instanceof ChecksRefused)) throw error;
    return { kind: 'refused', why: error.message, learnt: [{ scope, key: REFUSED_KEY, value: error.message }] };
  }
}

function open(context: SendContext, input: RenderInput): StatusRepository {
  const { config, tally } = input;
  const repository = toRepository(config.address);
  const appId = Number(config.secret['githubAppID']);
  const count = countObjects(tally?.words ?? []);
  const connect = connector(context, repository.apiBase, config);
  /** Found a moment ago; null when there was none. */
  let seen: Run | null | undefined;
  const find = async (client: ReturnType<typeof createClient>, { sha, context: name }: CommitStatus) =>
    await findRun(client, repository, { sha, context: name, appId });
  return {
    authenticate: async () => void (await connect()),
    id: `${repository.apiBase}/${repositoryId(repository)}`,
    toValue: (status) => toText(status, count).digest,
    read: async (status) => {
      const client = await connect();
      const run = await orRefused(() => find(client, status), { context, input });
      seen = run ?? null;
      return run === undefined ? { value: undefined } : { value: run.digest, remember: [runFact(context, run)] };
    },
    create: async (status) => {
      const client = await connect();
      const bring = async () => {
        const known = seen === undefined ? ((await recallRun(context)) ?? (await find(client, status))) : (seen ?? undefined);
        return await writeRun(client, repository, toText(status, count), known);
      };
      return [runFact(context, await orRefused(bring, { context, input }))];
    },
  };
}

function toText(status: CommitStatus, count: CommitCount): RunText {
  const conclusion = conclusionOf(status, count);
  const [numbers = ''] = status.description.split(':');
  const parts = { conclusion, summary: `Commit \`${status.sha}\`: ${numbers}.`, text: toPage(count) };
  const told = JSON.stringify([status.description, parts]);
  return { ...parts, status, digest: createHash('sha256').update(told).digest('base64url') };
}

/** `neutral` passes where the check is required, and is not green for a commit that was never done. */
function conclusionOf({ state }: CommitStatus, { superseded }: CommitCount): RunText['conclusion'] {
  if (state === forge.states.pending) return '';
  if (state === forge.states.failure) return 'failure';
  return superseded.length > 0 ? 'neutral' : 'success';
}

/** Why check runs are not to be had for now. */
class ChecksRefused extends Error {}

/** Both 403 and 404 are what GitHub says to an App without the permission; the end of a budget is none of them. */
async function orRefused<Answer>(
  ask: () => Promise<Answer>,
  { context, input: { config } }: { readonly context: SendContext; readonly input: RenderInput },
): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ForgeRefusal) || (error.status !== 403 && error.status !== 404)) throw error;
    const reading = { what: 'check runs', config, nowMs: context.clock.nowMs(), limitedMs: secondaryLimitMs };
    const outcome = outcomeOfForgeError(error, reading);
    if (outcome.kind === 'deferred' && outcome.reason === 'rate-limited') throw error;
    const words = vendorWords(error.words, config);
    throw new ChecksRefused(`answered ${error.status}${words === '' ? '' : `: ${words}`}`, { cause: error });
  }
}

function runFact({ lane }: SendContext, { id, isCompleted }: Run): Fact {
  return { scope: lane, key: RUN_KEY, value: JSON.stringify([id, isCompleted]) };
}

async function recallRun(context: SendContext): Promise<Run | undefined> {
  const fact = await recallFact(context, context.lane, RUN_KEY);
  if (fact === undefined) return undefined;
  const [id, isCompleted] = JSON.parse(fact) as readonly [number, boolean];
  return { id, isCompleted };
}
