// Bitbucket Data Center as far as its statuses differ from those of other forges: one build is read and written by its key.
import { createHash } from 'node:crypto';
import {
  type CommitStatus,
  requireSendable,
  sendCommitStatus,
  type StatusForge,
  type StatusReading,
  type StatusRepository,
} from '../../internal/sdk/git/commit-status.ts';
import { requireJson, requireSuccess, UnusableAnswer } from '../../internal/sdk/git/forge-answer.ts';
import { statusName } from '../../internal/sdk/git/status.ts';
import type { HttpRequest, Send } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { ConfigFault, type RenderInput, type ResolvedConfig, type SendContext } from '../../internal/sdk/provider.ts';
import { cutChars } from '../../internal/sdk/text/cut.ts';
import { type Repository, repositoryKey, toRepository } from './repository.ts';

/** Bitbucket refuses a longer name (https://github.com/jenkinsci/bitbucket-branch-source-plugin/pull/928). */
export const MAX_TEXT_CHARS = 255;
/** Bitbucket's protection against forged requests lets these two through. */
const NOT_A_BROWSER = [
  ['x-atlassian-token', 'no-check'],
  ['x-requested-with', 'XMLHttpRequest'],
] as const;

const forge: StatusForge = {
  name: 'bitbucket server',
  states: { success: 'SUCCESSFUL', failure: 'FAILED' },
  maxDescriptionChars: MAX_TEXT_CHARS,
  open,
};

/** Sets the status unless the commit has it already. */
export async function sendStatus(context: SendContext, input: RenderInput): Promise<Outcome> {
  const { config } = input;
  // What the server answers may repeat the name of the user, which the Secret may hold.
  const guarded = { ...config, secret: { ...config.secret, username: config.username } };
  return await sendCommitStatus(forge, context, { ...input, config: guarded });
}

interface Builds {
  readonly repository: Repository;
  readonly headers: HttpRequest['headers'];
  /** Of the object, without what happened to it. */
  readonly objectName: string;
}

function open(context: SendContext, { config, event }: RenderInput): StatusRepository {
  const repository = toRepository(config.address);
  const headers = [['Authorization', toAuthorization(config)] as const, ...NOT_A_BROWSER];
  const builds: Builds = { repository, headers, objectName: statusName(event.involvedObject) };
  return {
    id: repositoryKey(repository).join('/'),
    toValue: (status) => JSON.stringify([status.state, status.description, nameOf(builds, status)]),
    read: async (status) => await readBuild(context.http, builds, status),
    create: async (status) => await writeBuild(context.http, builds, status),
  };
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
  const answer = requireJson(requireSuccess(response));
  if (typeof answer !== 'object' || answer === null) throw new UnusableAnswer(response.status, 'the answer is no build');
  const build = answer as Readonly<Record<string, unknown>>;
  if (build['key'] !== key) return { value: undefined };
  return { value: JSON.stringify([build['state'], build['description'] ?? '', build['name'] ?? '']) };
}

async function writeBuild(http: Send, builds: Builds, status: CommitStatus): Promise<void> {
  const { repository } = builds;
  const { state, description } = status;
  const body = JSON.stringify({
    ...(description === '' ? {} : { description }),
    key: keyOf(status),
    name: nameOf(builds, status),
    state,
    url: repository.link,
  });
  const headers = [...builds.headers, ['Content-Type', 'application/json'] as const];
  requireSuccess(await http({ method: 'POST', url: `${urlOf(builds, status.sha)}${repository.query}`, headers, body }));
}

function toAuthorization({ token, username, password }: ResolvedConfig): string {
  if (token !== '') return `Bearer ${requireSendable(token)}`;
  if (username === '' || password === '')
    throw new ConfigFault('invalid credentials, expected to be one of username/password or API Token');
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
