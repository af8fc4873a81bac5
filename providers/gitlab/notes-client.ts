// Comments of merge requests by GitLab's community client, on our transport as its other calls are.
import type { MergeRequestNotes, Users } from '@gitbeaker/rest';
import type { FormattedResponse, RequestOptions } from '@gitbeaker/requester-utils';
import { requireItems, requireJson, requireSuccess } from '../../internal/sdk/git/forge-answer.ts';
import type { HttpResponse, Send } from '../../internal/sdk/http.ts';

/** https://docs.gitlab.com/api/rest/#offset-based-pagination: at most 100 items a page. */
const PAGE_SIZE = 100;
/** Past this many pages something answers that is not GitLab. */
const MAX_PAGES = 100;

export interface NotesClient {
  readonly notes: MergeRequestNotes;
  readonly users: Users;
}

/** A client of one GitLab and one token. Loaded at the first use, because it brings GitLab's whole API. */
export async function createNotesClient(http: Send, { host, token }: { host: string; token: string }): Promise<NotesClient> {
  const [{ MergeRequestNotes: NotesResource, Users: UsersResource }, { createRequesterFn }] = await Promise.all([
    import('@gitbeaker/rest'),
    import('@gitbeaker/requester-utils'),
  ]);
  const options = {
    host,
    token,
    // Deadlines and limits are the transport's and the outbox's.
    queryTimeout: null,
    rateLimits: {},
    requesterFn: createRequesterFn(
      async (_service, request) => request,
      async (endpoint, request = {}) => await answer(http, endpoint, request),
    ),
  };
  return { notes: new NotesResource(options), users: new UsersResource(options) };
}

async function answer(http: Send, endpoint: string, request: RequestOptions): Promise<FormattedResponse> {
  if (request.method === 'GET' && endpoint.endsWith('/notes')) return await readList(http, endpoint, request);
  const response = await ask(http, { endpoint, request, query: '' });
  const body = requireJson(response) as Record<string, unknown>;
  return { body, headers: {}, status: response.status };
}

/** All pages are one answer, so that the client follows no links of its own. */
async function readList(http: Send, endpoint: string, request: RequestOptions): Promise<FormattedResponse> {
  const items: Record<string, unknown>[] = [];
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const query = new URLSearchParams(request.searchParams);
    query.set('per_page', String(PAGE_SIZE));
    query.set('page', String(page));
    const response = await ask(http, { endpoint, request, query: `?${query.toString()}` });
    const found = requireItems(requireJson(response), response.status);
    items.push(...found);
    if (found.length === 0 || !hasNext(response)) break;
  }
  return { body: items, headers: {}, status: 200 };
}

function hasNext({ headers }: HttpResponse): boolean {
  return (headers['x-next-page'] ?? '') !== '' || /rel="?next"?/.test(headers['link'] ?? '');
}

async function ask(
  http: Send,
  { endpoint, request, query }: { readonly endpoint: string; readonly request: RequestOptions; readonly query: string },
): Promise<HttpResponse> {
  // Notes have a prefix of their own, which the client writes without a slash at its end.
  const prefix = (request.prefixUrl ?? '').replace(/\/*$/, '/');
  // GitLab takes what follows a dot in a path for a format, so a dot of a project's name is written as an escape.
  const url = `${prefix}${endpoint.replaceAll('.', '%2E')}${query}`;
  const headers = Object.entries({ accept: 'application/json', ...request.headers });
  const body = typeof request.body === 'string' ? { body: request.body } : {};
  return requireSuccess(await http({ method: request.method ?? 'GET', url, headers, ...body }));
}
