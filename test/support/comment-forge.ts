// An emulated forge as far as its conversations go: users by token, comments with ids and authors, pages, locks. What differs
// between vendors (paths, names of fields, how a page says that there is another one) is a Dialect.
import { type HttpRequest, type HttpResponse, TransportError } from '../../internal/sdk/http.ts';
import { toResponse } from './provider-run.ts';

export interface StoredComment {
  readonly id: number;
  readonly number: number;
  readonly author: string;
  body: string;
}

/** What a request asks of the forge. */
export type Wish =
  | { readonly kind: 'user' }
  | { readonly kind: 'version' }
  | { readonly kind: 'list'; readonly number: number; readonly page: number }
  | { readonly kind: 'create'; readonly number: number; readonly body: string }
  | { readonly kind: 'update'; readonly id: number; readonly body: string };

export interface Dialect {
  /** undefined for what the forge does not have. */
  read(request: HttpRequest): Wish | undefined;
  tokenOf(request: HttpRequest): string | undefined;
  user(login: string): unknown;
  comment(comment: StoredComment): unknown;
  /** Headers that say that there is a next page. */
  next(request: HttpRequest, page: number): Readonly<Record<string, string>>;
  locked(): HttpResponse;
}

export class EmulatedForge {
  readonly comments: StoredComment[] = [];
  /** Logins by token. */
  readonly users = new Map<string, string>();
  readonly calls: string[] = [];
  pageSize = 2;
  isLocked = false;
  /** The next write happens, and its answer is lost. */
  losesNextAnswer = false;
  /** The next write happens, and something before the forge answers 502. */
  breaksNextAnswer = false;
  readonly #dialect: Dialect;
  #lastId = 100;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  /** A comment that stands there before anything is sent. */
  seed(comment: { readonly number?: number; readonly author: string; readonly body: string }): StoredComment {
    this.#lastId += 1;
    const stored = { id: this.#lastId, number: comment.number ?? 42, author: comment.author, body: comment.body };
    this.comments.push(stored);
    return stored;
  }

  delete(id: number): void {
    const index = this.comments.findIndex((comment) => comment.id === id);
    if (index >= 0) this.comments.splice(index, 1);
  }

  deleteOf(author: string): void {
    for (const { id } of this.comments.filter((comment) => comment.author === author)) this.delete(id);
  }

  answer(request: HttpRequest): HttpResponse {
    const wish = this.#dialect.read(request);
    this.calls.push(wish === undefined ? `${request.method} ${request.url}` : wish.kind);
    if (wish === undefined) return toResponse(404, { message: 'Not Found' });
    const login = this.users.get(this.#dialect.tokenOf(request) ?? '');
    if (login === undefined) return toResponse(401, { message: 'Bad credentials' });
    const answer = this.#fulfil(wish, { request, login });
    if (this.breaksNextAnswer && wish.kind === 'create') {
      this.breaksNextAnswer = false;
      return toResponse(502, '<html>Bad Gateway</html>');
    }
    if (!this.losesNextAnswer || (wish.kind !== 'create' && wish.kind !== 'update')) return answer;
    this.losesNextAnswer = false;
    throw new TransportError('network', 'connection reset');
  }

  #fulfil(wish: Wish, { request, login }: { request: HttpRequest; login: string }): HttpResponse {
    if (wish.kind === 'version') return toResponse(200, { version: '1.22.3' });
    if (wish.kind === 'user') return toResponse(200, this.#dialect.user(login));
    if (wish.kind === 'list') return this.#list(wish, request);
    if (wish.kind === 'update') return this.#update(wish);
    if (this.isLocked) return this.#dialect.locked();
    return toResponse(201, this.#dialect.comment(this.seed({ number: wish.number, author: login, body: wish.body })));
  }

  #list({ number, page }: { number: number; page: number }, request: HttpRequest): HttpResponse {
    const all = this.comments.filter((comment) => comment.number === number);
    const shown = all.slice((page - 1) * this.pageSize, page * this.pageSize);
    const headers = page * this.pageSize < all.length ? this.#dialect.next(request, page + 1) : {};
    return toResponse(
      200,
      shown.map((comment) => this.#dialect.comment(comment)),
      headers,
    );
  }

  #update({ id, body }: { id: number; body: string }): HttpResponse {
    const comment = this.comments.find((candidate) => candidate.id === id);
    if (comment === undefined) return toResponse(404, { message: 'Not Found' });
    if (this.isLocked) return this.#dialect.locked();
    comment.body = body;
    return toResponse(200, this.#dialect.comment(comment));
  }
}

/** `rel="next"` as GitHub and Gitea write it. */
export function linkHeader(request: HttpRequest, page: number): Readonly<Record<string, string>> {
  const url = new URL(request.url);
  url.searchParams.set('page', String(page));
  return { link: `<${url.href}>; rel="next"` };
}

/** The header's value without its scheme. */
export function credentialOf({ headers }: HttpRequest, name: string): string | undefined {
  const value = headers.find(([key]) => key.toLowerCase() === name)?.[1];
  return value?.replace(/^(?:Bearer|token) /, '');
}

/** The `body` of a JSON body. */
export function sentText({ body }: HttpRequest): string {
  return (JSON.parse(String(body)) as { body: string }).body;
}

/** The page of a list's address. */
export function pageOf(url: URL): number {
  return Number(url.searchParams.get('page') ?? 1);
}
