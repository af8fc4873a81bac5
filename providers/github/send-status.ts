// One delivery of a commit status: remembered, else read, else created.
import { commitHash, findRevision } from '../../internal/sdk/git/revision.ts';
import { isProgress, statusDescription } from '../../internal/sdk/git/status.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { ConfigFault, type RenderInput, type SendContext } from '../../internal/sdk/provider.ts';
import { cutChars } from '../../internal/sdk/text/cut.ts';
import { outcomeOfError } from './answer.ts';
import { hasApp, installationToken } from './app.ts';
import { createClient } from './client.ts';
import { toRepository } from './repository.ts';
import { createStatus, readStatuses, recall, toFact, toValue, type Commit, type Status } from './statuses.ts';

/** The API answers 422 to a longer one. A context is never cut: two that differ at their end would become one. */
export const MAX_DESCRIPTION_CHARS = 140;
/** As much of a broken revision as a message shows. */
const MAX_SHOWN_CHARS = 100;

/** Sets the status unless the commit has it already. */
export async function sendStatus(context: SendContext, input: RenderInput): Promise<Outcome> {
  if (isProgress(input.event.reason)) return { kind: 'delivered', note: 'progress sets no status' };
  const name = input.statusId ?? '';
  if (name === '') throw new ConfigFault('commit status cannot be empty');
  const repository = toRepository(input.config.address);
  checkCredentials(input);
  const verdict = toVerdict(input, name);
  if (verdict.fault !== undefined) return { kind: 'rejected', reason: 'bad-request', message: verdict.fault };
  return bring(context, input, { repository, sha: verdict.sha }, verdict.status);
}

/** Brings the commit to the status with as few calls as what is known allows. */
async function bring(context: SendContext, input: RenderInput, commit: Commit, status: Status): Promise<Outcome> {
  const wanted = toValue(status);
  const present = toFact(context, wanted);
  const recalled = await recall(context, commit, status.context);
  if (recalled?.value === wanted) return { kind: 'delivered', note: 'the status is there already', remember: [present] };
  const nowMs = context.clock.nowMs();
  let doing = 'could not get a token';
  try {
    const client = createClient(context, commit.repository.apiBase, await tokenOf(context, input));
    doing = 'could not list commit statuses';
    const known = recalled ?? (await readStatuses(client, commit, status.context));
    const remember = [...known.remember, present];
    if (known.value === wanted) return { kind: 'delivered', note: 'the status is there already', remember };
    doing = 'could not create commit status';
    await createStatus(client, commit, status);
    return { kind: 'delivered', remember };
  } catch (error) {
    return outcomeOfError(error, doing, input.config, nowMs);
  }
}

function checkCredentials({ config }: RenderInput): void {
  if (config.token === '' && config.password === '' && !hasApp(config)) {
    throw new ConfigFault('github token or github app details must be specified');
  }
}

async function tokenOf(context: SendContext, { config }: RenderInput): Promise<string> {
  const token = config.token || config.password;
  return token === '' ? installationToken(context, config) : token;
}

type Verdict = { readonly fault: string } | { readonly fault?: undefined; readonly sha: string; readonly status: Status };

function toVerdict({ event }: RenderInput, name: string): Verdict {
  const revision = findRevision(event.metadata);
  if (revision === undefined) return { fault: 'missing revision metadata' };
  const sha = commitHash(revision);
  if (sha === undefined) return { fault: `failed to extract commit hash from '${cutChars(revision, MAX_SHOWN_CHARS)}' revision` };
  if (event.severity !== 'info' && event.severity !== 'error') return { fault: "can't convert to github state" };
  const state = event.severity === 'info' ? 'success' : 'failure';
  return { sha, status: { state, description: cutChars(statusDescription(event.reason), MAX_DESCRIPTION_CHARS), context: name } };
}
