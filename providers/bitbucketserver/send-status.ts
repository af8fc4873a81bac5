// Bitbucket Data Center as far as its statuses differ from those of other forges: one build is read and written by its key.
import { createHash } from 'node:crypto';
import {
  type CommitStatus,
  linkOf,
  sendCommitStatus,
  type StatusForge,
  type StatusReading,
  type StatusRepository,
} from '../../internal/sdk/git/commit-status.ts';
import { requireJson, requireObject, requireSuccess } from '../../internal/sdk/git/forge-answer.ts';
import { statusName } from '../../internal/sdk/git/status.ts';
import { isWholeCommit } from '../../internal/sdk/git/status-draft.ts';
import type { HttpRequest, Send } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { RenderInput, SendContext } from '../../internal/sdk/provider.ts';
import { cutChars } from '../../internal/sdk/text/cut.ts';
import { toHeaders, withUser } from './credentials.ts';
import { type Repository, repositoryKey, toRepository } from './repository.ts';

/** Bitbucket refuses a longer name (https://github.com/jenkinsci/bitbucket-branch-source-plugin/pull/928). */
export const MAX_TEXT_CHARS = 255;
/** Of the link; https://developer.atlassian.com/server/bitbucket/rest/latest/api-group-builds-and-deployments/. */
const MAX_URL_CHARS = 450;
const forge: StatusForge = {
  name: 'bitbucket server',
  states: { success: 'SUCCESSFUL', failure: 'FAILED', pending: 'INPROGRESS' },
  maxDescriptionChars: MAX_TEXT_CHARS,
  maxUrlChars: MAX_URL_CHARS,
  open,
};

/** Sets the status unless the commit has it already. */
export async function sendStatus(context: SendContext, input: RenderInput): Promise<Outcome> {
  return await sendCommitStatus(forge, context, { ...input, config: withUser(input.config) });
}

interface Builds {
  readonly repository: Repository;
  readonly headers: HttpRequest['headers'];
  /** Of the object or the commit, without what happened to it. */
  readonly objectName: string;
}

function open(context: SendContext, input: RenderInput): StatusRepository {
  const { config, event, statusId = '' } = input;
  const repository = toRepository(config.address);
  const headers = toHeaders(config);
  const builds: Builds = { repository, headers, objectName: isWholeCommit(input) ? statusId : statusName(event.involvedObject) };
  return {
    id: repositoryKey(repository).join('/'),
    toValue: (status) => valueOf({ ...status, name: nameOf(builds, status) }),
    read: async (status) => await readBuild(context.http, builds, status),
    create: async (status) => await writeBuild(context.http, builds, status),
  };
}

function valueOf({ state, description, name, url }: Readonly<Record<'state' | 'description' | 'name' | 'url', unknown>>): string {
  return JSON.stringify(url === '' ? [state, description, name] : [state, description, name, url]);
}

function keyOf(status: CommitStatus): string {
  return createHash('sha1').update(status.context).digest('hex');
}

function nameOf({ objectName }: Builds, { description }: CommitStatus): string {
  return cutChars(`${objectName} [${description}]`, MAX_TEXT_CHARS);
}

function urlOf({ repository: { base, project, slug } }: Builds, sha: string): string {
  return `${base}/rest/api/latest/projects/${project}/repos/${slug}/commits/${encodeURIComponent(sha)}/builds`;
}

async function readBuild(http: Send, builds: Builds, status: CommitStatus): Promise<StatusReading> {
  const key = keyOf(status);
  const response = await http({ method: 'GET', url: `${urlOf(builds, status.sha)}?key=${key}`, headers: builds.headers });
  if (response.status === 404) return { value: undefined };
  // Servers that know no build answer in more than one way; only this status comes with one.
  if (requireSuccess(response).status !== 200) return { value: undefined };
  const answer = requireObject(requireJson(response), response.status);
  const build = { ...(answer as Readonly<Record<string, unknown>> | null) };
  if (build['key'] !== key) return { value: undefined };
  const { state, description = '', name = '' } = build;
  return { value: valueOf({ state, description, name, url: linkOf(build['url'], status) }) };
}

async function writeBuild(http: Send, builds: Builds, status: CommitStatus): Promise<void> {
  const { repository } = builds;
  const { state, description } = status;
  const body = JSON.stringify({
    ...(description === '' ? {} : { description }),
    key: keyOf(status),
    name: nameOf(builds, status),
    state,
    url: status.url || repository.link,
  });
  const headers = [...builds.headers, ['Content-Type', 'application/json'] as const];
  requireSuccess(await http({ method: 'POST', url: `${urlOf(builds, status.sha)}${repository.query}`, headers, body }));
}
