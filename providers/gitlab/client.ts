// GitLab's community client on our transport. Its own requester would open connections past the proxy and the egress guard
// and repeat a refused request ten times within a third of a second, so this one takes its place.
import type { Commits } from '@gitbeaker/rest';
import type { FormattedResponse, RequestOptions } from '@gitbeaker/requester-utils';
import { requireItems, requireJson, requireSuccess } from '../../internal/sdk/git/forge-answer.ts';
import type { HttpRequest, HttpResponse, Send } from '../../internal/sdk/http.ts';

/** https://docs.gitlab.com/api/rest/#offset-based-pagination: at most 100 items a page. */
const PAGE_SIZE = 100;
/** Past this many pages something answers that is not GitLab. */
const MAX_PAGES = 100;

/** A client of one GitLab and one token. Loaded at the first use, because it brings GitLab's whole API. */
export async function createClient(http: Send, { host, token }: { host: string; token: string }): Promise<Commits> {
  const [{ Commits: CommitsClient }, { createRequesterFn }] = await Promise.all([
    import('@gitbeaker/rest'),
    import('@gitbeaker/requester-utils'),
  ]);
  return new CommitsClient({
    host,
    token,
    // Deadlines and limits are the transport's and the outbox's.
    queryTimeout: null,
    rateLimits: {},
    requesterFn: createRequesterFn(
      async (_service, request) => request,
      async (endpoint, request = {}) => await answer(http, endpoint, request),
    ),
  });
}

async function answer(http: Send, endpoint: string, request: RequestOptions): Promise<FormattedResponse> {
  if (request.method === 'GET') return await readList(http, endpoint, request);
  const response = requireSuccess(await http(toRequest(endpoint, request, request.searchParams ?? '')));
  requireJson(response);
  return { body: null, headers: {}, status: response.status };
}

/** Only lists are read; all their pages are one answer, so that the client follows no links of its own. */
async function readList(http: Send, endpoint: string, request: RequestOptions): Promise<FormattedResponse> {
  const items: Record<string, unknown>[] = [];
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const query = new URLSearchParams(request.searchParams);
    query.set('per_page', String(PAGE_SIZE));
    query.set('page', String(page));
    const response = requireSuccess(await http(toRequest(endpoint, request, query.toString())));
    const found = requireItems(requireJson(response), response.status);
    items.push(...found);
    if (found.length === 0 || !hasNext(response)) break;
  }
  return { body: items, headers: {}, status: 200 };
}

function hasNext({ headers }: HttpResponse): boolean {
  return (headers['x-next-page'] ?? '') !== '' || /rel="?next"?/.test(headers['link'] ?? '');
}

function toRequest(endpoint: string, request: RequestOptions, query: string): HttpRequest {
  // GitLab takes what follows a dot in a path for a format, so a dot of a project's name is written as an escape.
  const url = `${request.prefixUrl ?? ''}${endpoint.replaceAll('.', '%2E')}${query === '' ? '' : `?${query}`}`;
  const headers = Object.entries({ accept: 'application/json', ...request.headers });
  return { method: request.method ?? 'GET', url, headers, ...(typeof request.body === 'string' ? { body: request.body } : {}) };
}
