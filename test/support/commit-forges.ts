// Forges as a fleet of commits meets them: whichever commit and context a request names, in the words of each vendor.
import { createHash } from 'node:crypto';
import { catalog } from '../../internal/catalog/catalog.ts';
import type { HttpRequest, HttpResponse } from '../../internal/sdk/http.ts';
import { toResponse } from './provider-run.ts';
import type { StatusTable } from './status-forge.ts';

type TableOf = (sha: string) => StatusTable;

/** How the forge of a world answers. */
export interface WorldForge {
  readonly type: string;
  readonly address: string;
  readonly token: string;
  readonly states: { readonly success: string; readonly failure: string; readonly pending: string };
  /** How a context is called in its table. */
  readonly contextOf: (statusId: string) => string;
  /** Answers as the vendor documents it, for the table of the commit that the request names. */
  readonly answer: (request: HttpRequest, tableOf: TableOf) => HttpResponse;
  /** False where a context that is pending stays as it is until there is a verdict. */
  readonly updatesPending: boolean;
}

const ENGLISH = { success: 'success', failure: 'failure', pending: 'pending' };
const ATLASSIAN = { success: 'SUCCESSFUL', failure: 'FAILED', pending: 'INPROGRESS' };

const github: WorldForge = {
  type: 'github',
  address: 'https://github.com/example/fleet',
  token: 'token-placeholder',
  states: ENGLISH,
  contextOf: asItIs,
  answer: (request, tableOf) => {
    const table = tableOf(shaOf(request));
    if (request.method === 'GET') return toResponse(200, table.latest());
    table.write(bodyOf(request));
    return toResponse(201, { id: 1 });
  },
  updatesPending: true,
};

const gitea: WorldForge = {
  ...github,
  type: 'gitea',
  address: 'https://codeberg.org/example/fleet',
  answer: (request, tableOf) => {
    if (request.url.endsWith('/version')) return toResponse(200, { version: '1.24.0' });
    if (request.method !== 'GET') return github.answer(request, tableOf);
    return toResponse(
      200,
      tableOf(shaOf(request)).items.map(({ state, ...item }) => ({ ...item, status: state })),
    );
  },
};

const gitlab: WorldForge = {
  ...github,
  type: 'gitlab',
  address: 'https://gitlab.com/example/fleet',
  states: { ...ENGLISH, failure: 'failed' },
  answer: (request, tableOf) => {
    const sha = shaOf(request);
    const table = tableOf(sha);
    if (request.method === 'GET') {
      const only = new URL(request.url).searchParams.get('name');
      const items = table.latest().filter(({ context }) => only === null || context === only);
      return toResponse(
        200,
        items.map(({ context, state, ...item }) => ({ ...item, sha, name: context, status: state })),
      );
    }
    const { name: context = '', state = '', description = '' } = bodyOf(request) as unknown as Record<string, string>;
    if (state === 'pending' && table.newest(context)?.state === 'pending') {
      return toResponse(400, { message: 'Cannot transition status via :enqueue from :pending' });
    }
    table.write({ context, state, description });
    return toResponse(201, { id: 1, status: state });
  },
  updatesPending: false,
};

const bitbucket: WorldForge = {
  ...github,
  type: 'bitbucket',
  address: 'https://bitbucket.org/example/fleet',
  token: 'user:password-placeholder',
  states: ATLASSIAN,
  contextOf: toKey,
  answer: (request, tableOf) => answerBuild(request, tableOf, /\/build\/([0-9a-f]{40})$/.exec(request.url)?.[1] ?? ''),
};

const bitbucketServer: WorldForge = {
  ...bitbucket,
  type: 'bitbucketserver',
  address: 'https://bitbucket.example.com/scm/example/fleet.git',
  token: 'token-placeholder',
  answer: (request, tableOf) => answerBuild(request, tableOf, new URL(request.url).searchParams.get('key') ?? ''),
};

const azureDevOps: WorldForge = {
  ...github,
  type: 'azuredevops',
  address: 'https://dev.azure.com/example/platform/_git/fleet',
  states: { success: 'succeeded', failure: 'error', pending: 'pending' },
  answer: (request, tableOf) => {
    if (request.method === 'OPTIONS') return toResponse(200, catalog.get('azuredevops')?.previewAnswer?.(request));
    const table = tableOf(shaOf(request));
    if (request.method === 'GET') {
      return toResponse(200, {
        value: table.items.map(({ context, ...item }) => ({ ...item, context: { genre: 'fluxcd', name: context } })),
      });
    }
    const { context, ...body } = bodyOf(request) as unknown as { context: { name: string }; state: string; description: string };
    table.write({ ...body, context: context.name });
    return toResponse(201, { id: 1 });
  },
};

/** Every forge that sets statuses of commits. */
export const WORLD_FORGES: readonly WorldForge[] = [github, gitea, gitlab, bitbucket, bitbucketServer, azureDevOps];

/** Bitbucket writes a build under its key, in the place of the one before. */
function answerBuild(request: HttpRequest, tableOf: TableOf, key: string): HttpResponse {
  const table = tableOf(shaOf(request));
  if (request.method === 'GET') {
    const build = table.newest(key);
    return build === undefined ? toResponse(404, { message: 'Not Found' }) : toResponse(200, { ...build, key });
  }
  const { key: written = '', state = '', description = '' } = bodyOf(request) as unknown as Record<string, string>;
  table.write({ context: written, state, description });
  return toResponse(201, {});
}

function asItIs(statusId: string): string {
  return statusId;
}

function toKey(statusId: string): string {
  return createHash('sha1').update(statusId).digest('hex');
}

/** The keys of builds are as long as commits and stand behind them. */
function shaOf({ url }: HttpRequest): string {
  return /[0-9a-f]{40}/.exec(url)?.[0] ?? '';
}

function bodyOf({ body }: HttpRequest): { context: string; state: string; description: string } {
  return JSON.parse(String(body)) as { context: string; state: string; description: string };
}
