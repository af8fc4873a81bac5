// Gitea's API of comments on pull requests, over our transport. A pull request is an issue there.
import type { ListedComment } from '../../internal/sdk/git/comment.ts';
import { requireItems, requireJson, requireObject, requireSuccess, UnusableAnswer } from '../../internal/sdk/git/forge-answer.ts';
import { fieldOf, idOf, toListed } from '../../internal/sdk/git/listed-comment.ts';
import type { HttpResponse, Send } from '../../internal/sdk/http.ts';
import type { Repository } from './repository.ts';

const PAGE_SIZE = 100;
/** Past this many pages something answers that is not Gitea. */
const MAX_PAGES = 200;

export interface GiteaComments {
  /** The login of the token's user. */
  login(): Promise<string>;
  find(number: number, isWanted: (comment: ListedComment) => boolean): Promise<ListedComment | undefined>;
  create(number: number, body: string): Promise<string | undefined>;
  update(id: string, body: string): Promise<void>;
}

/** The comments of a repository, for one token. */
export function createCommentsApi(http: Send, repository: Repository, token: string): GiteaComments {
  const authorization = ['Authorization', `token ${token}`] as const;
  const base = `${repository.apiBase}/repos/${encodeURIComponent(repository.owner)}/${encodeURIComponent(repository.name)}/issues`;
  const get = async (url: string) => requireSuccess(await http({ method: 'GET', url, headers: [authorization] }));
  const write = async (method: string, url: string, body: string) => {
    const headers = [authorization, ['Content-Type', 'application/json'] as const];
    const response = requireSuccess(await http({ method, url, headers, body: JSON.stringify({ body }) }));
    return requireObject(requireJson(response), response.status);
  };
  return {
    login: async () => toLogin(await get(`${repository.apiBase}/user`)),
    find: async (number, isWanted) =>
      await findComment(isWanted, (page) => get(`${base}/${number}/comments?limit=${PAGE_SIZE}&page=${page}`)),
    create: async (number, body) => idOf(await write('POST', `${base}/${number}/comments`, body)),
    update: async (id, body) => void (await write('PATCH', `${base}/comments/${id}`, body)),
  };
}

function toLogin(response: HttpResponse): string {
  const login = fieldOf(requireJson(response), 'login');
  if (typeof login !== 'string' || login === '') throw new UnusableAnswer(response.status, 'the answer names no user');
  return login;
}

/** Most versions answer with all comments at once and take no notice of a page, so only a link leads to the next one. */
async function findComment(
  isWanted: (comment: ListedComment) => boolean,
  readPage: (page: number) => Promise<HttpResponse>,
): Promise<ListedComment | undefined> {
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const response = await readPage(page);
    const items = requireItems(requireJson(response), response.status);
    const found = items.flatMap((item) => toListed(item, ['user', 'login'])).find(isWanted);
    if (found !== undefined) return found;
    if (items.length === 0 || !/rel="?next"?/.test(response.headers['link'] ?? '')) break;
  }
  return undefined;
}
