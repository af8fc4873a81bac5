// How each forge writes what the emulator knows: paths, names of fields, order and pages of lists, and words of a spent
// budget, as the vendors document them.
import { createHash } from 'node:crypto';
import { catalog } from '../../internal/catalog/catalog.ts';
import type { HttpRequest, HttpResponse } from '../../internal/sdk/http.ts';
import type { ProviderDefinition } from '../../internal/sdk/provider.ts';
import type { ListedPage, StatusWish, Vendor } from './forge-emulator.ts';
import { toResponse } from './provider-run.ts';
import { SHA, type StatusItem, type StatusTable } from './status-forge.ts';

const SECOND_MS = 1_000;

/** https://docs.github.com/rest/commits/statuses: the newest first, and every status that was ever written. */
const github: Vendor = {
  definition: definitionOf('github'),
  secret: { token: 'gh-token' },
  states: { success: 'success', failure: 'failure' },
  addressOf: (repository) => `https://ghe.example.com/org/repo-${repository}`,
  placeOf: (repository) => `/api/v3/repos/org/repo-${repository}`,
  contextOf: (statusId) => statusId,
  read: (request) => {
    const { url, place, rest } = split(request, /^(\/api\/v3\/repos\/org\/repo-\d+)\/(.*)$/);
    if (request.method === 'POST' && rest === `statuses/${SHA}`) return creation(place, bodyOf(request));
    if (rest === `commits/${SHA}/statuses`) return listing(place, url, 'per_page');
    return unknown(request);
  },
  arrange: newestFirst,
  toList: ({ items, ...list }) => withLink(toResponse(200, items), list),
  toCreated: (item) => toResponse(201, item),
  toRefusal: (resetMs) =>
    toResponse(
      403,
      { message: 'API rate limit exceeded' },
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.ceil(resetMs / SECOND_MS)) },
    ),
  hasEtags: true,
};

/** https://docs.gitlab.com/api/commits/#list-commit-statuses: the latest of each name, filtered by name where one is given. */
const gitlab: Vendor = {
  definition: definitionOf('gitlab'),
  secret: { token: 'glpat-token' },
  states: { success: 'success', failure: 'failed' },
  addressOf: (repository) => `https://gitlab.example.com/group/repo-${repository}`,
  placeOf: (repository) => `/api/v4/projects/group%2Frepo-${repository}`,
  contextOf: (statusId) => statusId,
  read: (request) => {
    const { url, place, rest } = split(request, /^(\/api\/v4\/projects\/group%2Frepo-\d+)\/(.*)$/);
    if (request.method === 'POST' && rest === `statuses/${SHA}`) {
      const { name, ...body } = bodyOf(request);
      return creation(place, { ...body, context: name });
    }
    if (rest !== `repository/commits/${SHA}/statuses`) return unknown(request);
    const only = url.searchParams.get('name');
    return { ...listing(place, url, 'per_page'), ...(only === null ? {} : { only }) };
  },
  arrange: (table) => table.latest(),
  toList: ({ items, page, hasNext }) =>
    toResponse(
      200,
      items.map(({ id, context, state, description }) => ({ id, sha: SHA, name: context, status: state, description })),
      { 'x-next-page': hasNext ? String(page + 1) : '' },
    ),
  toCreated: ({ id, context, state }) => toResponse(201, { id, name: context, status: state }),
  toRefusal: (resetMs) =>
    toResponse(429, 'Retry later', { 'ratelimit-remaining': '0', 'ratelimit-reset': String(Math.ceil(resetMs / SECOND_MS)) }),
  hasEtags: false,
};

/** https://docs.gitea.com/api: every status that was ever written, in an order that seconds decide, fifty at a time. */
const gitea: Vendor = {
  definition: definitionOf('gitea'),
  secret: { token: 'tea-token' },
  states: { success: 'success', failure: 'failure' },
  addressOf: (repository) => `https://git.example.com/org/repo-${repository}`,
  placeOf: (repository) => `/api/v1/repos/org/repo-${repository}`,
  contextOf: (statusId) => statusId,
  read: (request) => {
    if (new URL(request.url).pathname === '/api/v1/version') return { kind: 'other', answer: toResponse(200, { version: '1.26.0' }) };
    const { url, place, rest } = split(request, /^(\/api\/v1\/repos\/org\/repo-\d+)\/(.*)$/);
    if (request.method === 'POST' && rest === `statuses/${SHA}`) return creation(place, bodyOf(request));
    return rest === `commits/${SHA}/statuses` ? listing(place, url, 'limit') : unknown(request);
  },
  arrange: (table) => table.items,
  toList: ({ items, ...list }) =>
    withLink(
      toResponse(
        200,
        items.map(({ id, context, state, description }) => ({ id, context, status: state, description })),
      ),
      list,
    ),
  toCreated: ({ id, context, state }) => toResponse(201, { id, context, status: state }),
  toRefusal: (resetMs, nowMs) => toResponse(429, '', { 'retry-after': secondsUntil(resetMs, nowMs) }),
  hasEtags: false,
};

/** https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commit-statuses: one build per key, replaced when it is written anew. */
const bitbucket: Vendor = {
  definition: definitionOf('bitbucket'),
  secret: { token: 'user:app-password' },
  states: { success: 'SUCCESSFUL', failure: 'FAILED' },
  addressOf: (repository) => `https://bitbucket.org/org/repo-${repository}`,
  placeOf: (repository) => `/2.0/repositories/org/repo-${repository}`,
  contextOf: keyOf,
  read: (request) => {
    const { place, rest } = split(request, /^(\/2\.0\/repositories\/org\/repo-\d+)\/commit\/[0-9a-f]+\/statuses\/build\/?(.*)$/);
    if (request.method !== 'POST') return { kind: 'list', place, only: rest, page: 1, size: 1 };
    const { key, ...body } = bodyOf(request);
    return creation(place, { ...body, context: key });
  },
  arrange: newestFirst,
  toList: ({ items: [build] }) =>
    build === undefined ? toResponse(404, { type: 'error' }) : toResponse(200, { ...build, key: build.context }),
  toCreated: (item) => toResponse(201, { ...item, key: item.context }),
  toRefusal: (resetMs, nowMs) => toResponse(429, 'Rate limit exceeded', { 'retry-after': secondsUntil(resetMs, nowMs) }),
  hasEtags: false,
};

/** https://developer.atlassian.com/server/bitbucket/rest/latest/api-group-builds-and-deployments: one build per key; writing answers 204. */
const bitbucketServer: Vendor = {
  definition: definitionOf('bitbucketserver'),
  secret: { token: 'bbs-token' },
  states: { success: 'SUCCESSFUL', failure: 'FAILED' },
  addressOf: (repository) => `https://bitbucket.example.com/scm/proj/repo-${repository}.git`,
  placeOf: (repository) => `/rest/api/latest/projects/proj/repos/repo-${repository}`,
  contextOf: keyOf,
  read: (request) => {
    const { url, place } = split(request, /^(\/rest\/api\/latest\/projects\/proj\/repos\/repo-\d+)\/commits\/[0-9a-f]+\/builds(.*)$/);
    if (request.method !== 'POST') return { kind: 'list', place, only: url.searchParams.get('key') ?? '', page: 1, size: 1 };
    const { key, ...body } = bodyOf(request);
    return creation(place, { ...body, context: key });
  },
  arrange: newestFirst,
  toList: ({ items: [build] }) => {
    if (build === undefined) return toResponse(404, { errors: [{ message: 'no build' }] });
    // The name of a build is the object's, which the emulator tells by the description alone.
    return toResponse(200, { ...build, key: build.context, name: build.name });
  },
  toCreated: () => toResponse(204),
  toRefusal: (resetMs, nowMs) => toResponse(429, {}, { 'retry-after': secondsUntil(resetMs, nowMs) }),
  hasEtags: false,
};

const LOCATION = {
  id: '428dd4fb-fda5-4722-af02-9313b80305da',
  area: 'git',
  resourceName: 'statuses',
  routeTemplate: '{project}/_apis/{area}/repositories/{repositoryId}/commits/{commitId}/{resource}',
  resourceVersion: 1,
  minVersion: '2.1',
  maxVersion: '7.1',
  releasedVersion: '7.0',
};

/** https://learn.microsoft.com/rest/api/azure/devops/git/statuses: every status that was ever written, a thousand at a time. */
const azureDevOps: Vendor = {
  definition: definitionOf('azuredevops'),
  secret: { token: 'ado-pat' },
  states: { success: 'succeeded', failure: 'error' },
  addressOf: (repository) => `https://dev.azure.com/org/proj/_git/repo-${repository}`,
  placeOf: (repository) => `/org/proj/_apis/git/repositories/repo-${repository}`,
  contextOf: (statusId) => `fluxcd|${statusId}`,
  read: (request) => {
    if (request.method === 'OPTIONS') return { kind: 'other', answer: toResponse(200, { value: [LOCATION] }) };
    const { url, place } = split(request, /^(\/org\/proj\/_apis\/git\/repositories\/repo-\d+)\/commits\/[0-9a-f]+\/(statuses)$/);
    if (request.method !== 'POST') {
      const size = Number(url.searchParams.get('top') ?? 1_000);
      return { kind: 'list', place, page: Number(url.searchParams.get('skip') ?? 0) / size + 1, size };
    }
    const { context, ...body } = JSON.parse(String(request.body)) as Record<string, unknown>;
    const { genre, name } = context as Readonly<Record<string, string>>;
    return creation(place, { ...(body as Record<string, string>), context: `${genre}|${name}` });
  },
  arrange: (table) => table.items,
  toList: ({ items }) => toResponse(200, { count: items.length, value: items.map(toAzure) }),
  toCreated: (item) => toResponse(201, toAzure(item)),
  toRefusal: (resetMs, nowMs) => toResponse(429, {}, { 'retry-after': secondsUntil(resetMs, nowMs) }),
  hasEtags: false,
};

/** Every forge whose statuses can be set. */
export const VENDORS: readonly Vendor[] = [github, gitlab, gitea, bitbucket, bitbucketServer, azureDevOps];

function definitionOf(type: string): ProviderDefinition {
  const definition = catalog.get(type);
  if (definition === undefined) throw new Error(`there is no type ${type}`);
  return definition;
}

function newestFirst(table: StatusTable): readonly StatusItem[] {
  return table.items.toReversed();
}

function keyOf(statusId: string): string {
  return createHash('sha1').update(statusId).digest('hex');
}

function toAzure({ id, context, state, description }: StatusItem): unknown {
  const [genre, name] = context.split('|');
  return { id, state, description, context: { genre, name } };
}

function split(request: HttpRequest, pattern: RegExp): { readonly url: URL; readonly place: string; readonly rest: string } {
  const url = new URL(request.url);
  const [, place = '', rest = ''] = pattern.exec(url.pathname) ?? [];
  if (place === '') throw new Error(`no vendor documents ${request.method} ${url.pathname}`);
  return { url, place, rest };
}

function bodyOf(request: HttpRequest): Readonly<Record<string, string>> {
  return JSON.parse(String(request.body)) as Record<string, string>;
}

function creation(place: string, body: Readonly<Record<string, string | undefined>>): StatusWish {
  const { context = '', state = '', description = '', name } = body;
  return { kind: 'create', place, status: { context, state, description, ...(name === undefined ? {} : { name }) } };
}

function listing(place: string, { searchParams }: URL, sizeName: string): Extract<StatusWish, { kind: 'list' }> {
  return { kind: 'list', place, page: Number(searchParams.get('page') ?? 1), size: Math.min(100, Number(searchParams.get(sizeName))) };
}

function withLink(response: HttpResponse, { page, hasNext }: Pick<ListedPage, 'page' | 'hasNext'>): HttpResponse {
  if (!hasNext) return response;
  const link = `<https://forge.example.com/?page=${page + 1}>; rel="next"`;
  return { ...response, headers: { ...response.headers, link } };
}

function secondsUntil(resetMs: number, nowMs: number): string {
  return String(Math.max(1, Math.ceil((resetMs - nowMs) / SECOND_MS)));
}

function unknown({ method, url }: HttpRequest): never {
  throw new Error(`no vendor documents ${method} ${new URL(url).pathname}`);
}
