// Bitbucket Cloud as far as its statuses differ from those of other forges: one build is read and written by its key.
import { createHash } from 'node:crypto';
import {
  type CommitStatus,
  linkOf,
  sendCommitStatus,
  type StatusForge,
  type StatusReading,
  type StatusRepository,
  statusValue,
} from '../../internal/sdk/git/commit-status.ts';
import { requireJson, requireObject, requireSuccess } from '../../internal/sdk/git/forge-answer.ts';
import { statusName } from '../../internal/sdk/git/status.ts';
import { isWholeCommit } from '../../internal/sdk/git/status-draft.ts';
import type { HttpRequest, Send } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { RenderInput, SendContext } from '../../internal/sdk/provider.ts';
import { cutChars } from '../../internal/sdk/text/cut.ts';
import { toAccess, withHalves } from './access.ts';

/** Bitbucket refuses a longer name (https://github.com/jenkinsci/bitbucket-branch-source-plugin/pull/928). */
export const MAX_TEXT_CHARS = 255;
/** A build has to link somewhere; like Flux to the front page, unless the Provider names another one. */
const BUILD_URL = 'https://bitbucket.org';
/** The answer has no body. */
const NO_CONTENT = 204;

const forge: StatusForge = {
  name: 'bitbucket',
  states: { success: 'SUCCESSFUL', failure: 'FAILED', pending: 'INPROGRESS' },
  maxDescriptionChars: MAX_TEXT_CHARS,
  open,
};

/** Sets the status unless the commit has it already. */
export async function sendStatus(context: SendContext, input: RenderInput): Promise<Outcome> {
  return await sendCommitStatus(forge, context, { ...input, config: withHalves(input.config) });
}

function open(context: SendContext, input: RenderInput): StatusRepository {
  const { config, event, statusId = '' } = input;
  const { id, url, authorization } = toAccess(context, config);
  const build: Build = {
    url,
    authorization,
    name: cutChars(isWholeCommit(input) ? statusId : statusName(event.involvedObject), MAX_TEXT_CHARS),
  };
  return {
    id,
    read: async (status) => await readBuild(context.http, build, status),
    create: async (status) => await writeBuild(context.http, build, status),
  };
}

interface Build {
  readonly url: string;
  readonly authorization: HttpRequest['headers'][number];
  readonly name: string;
}

/** Bitbucket takes 40 characters of key, which is a SHA-1 in hexadecimal. */
function keyOf(status: CommitStatus): string {
  return createHash('sha1').update(status.context).digest('hex');
}

async function readBuild(http: Send, build: Build, status: CommitStatus): Promise<StatusReading> {
  const url = `${build.url}/commit/${encodeURIComponent(status.sha)}/statuses/build/${keyOf(status)}`;
  const response = await http({ method: 'GET', url, headers: [build.authorization] });
  if (response.status === 404 || response.status === NO_CONTENT) return { value: undefined };
  const answer = requireObject(requireJson(requireSuccess(response)), response.status);
  const { state, description, url: link } = { ...(answer as Readonly<Record<string, unknown>> | null) };
  if (typeof state !== 'string') return { value: undefined };
  const text = typeof description === 'string' ? description : '';
  return { value: statusValue({ state, description: text, url: linkOf(link, status) }) };
}

async function writeBuild(http: Send, build: Build, status: CommitStatus): Promise<void> {
  const { state, description } = status;
  const url = `${build.url}/commit/${encodeURIComponent(status.sha)}/statuses/build`;
  const headers = [build.authorization, ['Content-Type', 'application/json']] as const;
  const body = JSON.stringify({ key: keyOf(status), url: status.url || BUILD_URL, state, name: build.name, description });
  const response = requireSuccess(await http({ method: 'POST', url, headers, body }));
  if (response.status !== NO_CONTENT) requireJson(response);
}
