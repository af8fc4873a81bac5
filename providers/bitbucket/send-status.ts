// Bitbucket Cloud as far as its statuses differ from those of other forges: one build is read and written by its key.
import { createHash } from 'node:crypto';
import {
  type CommitStatus,
  sendCommitStatus,
  type StatusForge,
  type StatusReading,
  type StatusRepository,
  statusValue,
} from '../../internal/sdk/git/commit-status.ts';
import { requireJson, requireSuccess, UnusableAnswer } from '../../internal/sdk/git/forge-answer.ts';
import { statusName } from '../../internal/sdk/git/status.ts';
import type { HttpRequest, Send } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { ConfigFault, type RenderInput, type SendContext } from '../../internal/sdk/provider.ts';
import { cutChars } from '../../internal/sdk/text/cut.ts';
import { repositoryKey, toRepository } from './repository.ts';

/** Bitbucket refuses a longer name (https://github.com/jenkinsci/bitbucket-branch-source-plugin/pull/928). */
export const MAX_TEXT_CHARS = 255;
const API_BASE = 'https://api.bitbucket.org/2.0';
/** A build has to link somewhere; Flux links to the front page. */
const BUILD_URL = 'https://bitbucket.org';

const forge: StatusForge = {
  name: 'bitbucket',
  states: { success: 'SUCCESSFUL', failure: 'FAILED' },
  maxDescriptionChars: MAX_TEXT_CHARS,
  open,
};

/** Sets the status unless the commit has it already. */
export async function sendStatus(context: SendContext, input: RenderInput): Promise<Outcome> {
  const { config } = input;
  const [user = '', password = ''] = config.token.split(':');
  // What Bitbucket answers may repeat either half of the token.
  const guarded = { ...config, secret: { ...config.secret, user, password } };
  return await sendCommitStatus(forge, context, { ...input, config: guarded });
}

function open(context: SendContext, { config, event }: RenderInput): StatusRepository {
  const authorization = toAuthorization(config.token);
  const repository = toRepository(config.address);
  const path = `repositories/${encodeURIComponent(repository.workspace)}/${encodeURIComponent(repository.slug)}`;
  const build: Build = {
    url: `${apiBaseOf(context)}/${path}`,
    authorization,
    name: cutChars(statusName(event.involvedObject), MAX_TEXT_CHARS),
  };
  return {
    id: repositoryKey(repository).join('/'),
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
  if (response.status === 404) return { value: undefined };
  const answer = requireJson(requireSuccess(response));
  if (typeof answer !== 'object' || answer === null) throw new UnusableAnswer(response.status, 'the answer is no build');
  const { state, description } = answer as Readonly<Record<string, unknown>>;
  if (typeof state !== 'string') return { value: undefined };
  return { value: statusValue({ state, description: typeof description === 'string' ? description : '' }) };
}

async function writeBuild(http: Send, build: Build, status: CommitStatus): Promise<void> {
  const { state, description } = status;
  const url = `${build.url}/commit/${encodeURIComponent(status.sha)}/statuses/build`;
  const headers = [build.authorization, ['Content-Type', 'application/json']] as const;
  const body = JSON.stringify({ key: keyOf(status), url: BUILD_URL, state, name: build.name, description });
  requireJson(requireSuccess(await http({ method: 'POST', url, headers, body })));
}

/** `BITBUCKET_API_BASE_URL` names another API, as it does for Flux. */
function apiBaseOf({ environment }: SendContext): string {
  const base = (environment?.['BITBUCKET_API_BASE_URL'] ?? '').trim().replace(/\/+$/, '');
  if (base === '') return API_BASE;
  if (!/^https?:$/.test(URL.parse(base)?.protocol ?? '')) throw new ConfigFault('BITBUCKET_API_BASE_URL must be an http or https URL');
  return base;
}

function toAuthorization(token: string): HttpRequest['headers'][number] {
  if (token === '') throw new ConfigFault('bitbucket token cannot be empty');
  if (token.split(':').length !== 2) throw new ConfigFault('invalid token format, expected to be <user>:<password>');
  return ['Authorization', `Basic ${Buffer.from(token).toString('base64')}`];
}
