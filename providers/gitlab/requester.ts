// What GitLab's community client sends with: our transport. Its own requester would open connections past the proxy and the
// egress guard and repeat a refused request ten times within a third of a second, so this one takes its place.
import type { FormattedResponse, RequestOptions } from '@gitbeaker/requester-utils';
import { requireItems, requireJson, requireObject, requireSuccess } from '../../internal/sdk/git/forge-answer.ts';
import type { HttpResponse, Send } from '../../internal/sdk/http.ts';

/** https://docs.gitlab.com/api/rest/#offset-based-pagination: at most 100 items a page. */
const PAGE_SIZE = 100;
/** Past this many pages something answers that is not GitLab. */
const MAX_PAGES = 100;

export interface Access {
  readonly host: string;
  readonly token: string;
}

/** The options of a client of one GitLab and one token; `isList` says which endpoints answer with pages. */
export async function toClientOptions(http: Send, { host, token }: Access, isList: (endpoint: string) => boolean) {
  const { createRequesterFn } = await import('@gitbeaker/requester-utils');
  return {
    host,
    token,
    // Deadlines and limits are the transport's and the outbox's.
    queryTimeout: null,
    rateLimits: {},
    requesterFn: createRequesterFn(
      async (_service, request) => request,
      async (endpoint, request = {}) =>
        request.method === 'GET' && isList(endpoint) ? await readList(http, endpoint, request) : await readOne(http, endpoint, request),
    ),
  };
}

async function readOne(http: Send, endpoint: string, request: RequestOptions): Promise<FormattedResponse> {
  const response = await ask(http, { endpoint, request, query: request.searchParams ?? '' });
  const body = requireObject(requireJson(response), response.status) as Record<string, unknown>;
  return { body, headers: {}, status: response.status };
}

/** All pages are one answer, so that the client follows no links of its own. */
async function readList(http: Send, endpoint: string, request: RequestOptions): Promise<FormattedResponse> {
  const items: Record<string, unknown>[] = [];
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const query = new URLSearchParams(request.searchParams);
    query.set('per_page', String(PAGE_SIZE));
    query.set('page', String(page));
    const response = await ask(http, { endpoint, request, query: query.toString() });
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
  // Some resources have a prefix of their own, which the client writes without a slash at its end.
  const prefix = (request.prefixUrl ?? '').replace(/\/*$/, '/');
  // GitLab takes what follows a dot in a path for a format, so a dot of a project's name is written as an escape.
  const url = `${prefix}${endpoint.replaceAll('.', '%2E')}${query === '' ? '' : `?${query}`}`;
  const headers = Object.entries({ accept: 'application/json', ...request.headers });
  const body = typeof request.body === 'string' ? { body: request.body } : {};
  return requireSuccess(await http({ method: request.method ?? 'GET', url, headers, ...body }));
}
