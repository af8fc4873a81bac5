// Gitea's API of commit statuses, over our transport.
import { requireItems, requireJson, requireObject, requireSuccess, UnusableAnswer } from '../../internal/sdk/git/forge-answer.ts';
import { type CommitStatus, linkOf, statusValue } from '../../internal/sdk/git/commit-status.ts';
import type { HttpResponse, Send } from '../../internal/sdk/http.ts';
import { ConfigFault } from '../../internal/sdk/provider.ts';
import type { Repository } from './repository.ts';

/** https://docs.gitea.com/administration/config-cheat-sheet#api-api: MAX_RESPONSE_ITEMS is 50 unless an administrator changes it. */
const PAGE_SIZE = 50;
/** Past this many pages something answers that is not Gitea. */
const MAX_PAGES = 200;
/** Older servers lack parts of the API. */
const MIN_VERSION = [1, 11] as const;
/** The release, what it leads to (`1.22.0-rc1`, `1.22.0+rc1` is that release), and what it was built from, as Gitea's own client takes it. */
const VERSION =
  /^v?(\d+(?:\.\d+)*)(-?[A-Za-z~-][A-Za-z\d~-]*(?:\.[A-Za-z\d~-]+)*|-\d[A-Za-z\d~-]*(?:\.[A-Za-z\d~-]+)*)?(?:\+[A-Za-z\d~-]+(?:\.[A-Za-z\d~-]+)*)?$/;

/** What a server says of itself in a preview. */
export const PREVIEWED_VERSION = { version: MIN_VERSION.join('.') };

export interface GiteaApi {
  /** The version of the server; throws for one that is too old or that no Gitea has. */
  version(): Promise<string>;
  /** The values of all contexts of the status's commit. */
  read(status: CommitStatus): Promise<ReadonlyMap<string, string>>;
  create(status: CommitStatus): Promise<void>;
}

/** The API of a repository, for one token. */
export function createApi(http: Send, repository: Repository, token: string): GiteaApi {
  const authorization = ['Authorization', `token ${token}`] as const;
  const json = ['Content-Type', 'application/json'] as const;
  const base = `${repository.apiBase}/repos/${encodeURIComponent(repository.owner)}/${encodeURIComponent(repository.name)}`;
  const get = async (url: string, headers: readonly (readonly [string, string])[]) =>
    requireSuccess(await http({ method: 'GET', url, headers }));
  return {
    version: async () => toVersion(await get(`${repository.apiBase}/version`, [authorization])),
    read: async (status) => {
      const list = `${base}/commits/${encodeURIComponent(status.sha)}/statuses`;
      return await readPages((page) => get(`${list}?limit=${PAGE_SIZE}&page=${page}`, [authorization, json]), status);
    },
    create: async ({ sha, context, state, description, url: link }) => {
      const url = `${base}/statuses/${encodeURIComponent(sha)}`;
      const body = JSON.stringify({ state, target_url: link, description, context });
      const response = requireSuccess(await http({ method: 'POST', url, headers: [authorization, json], body }));
      requireObject(requireJson(response), response.status);
    },
  };
}

/** Forgejo's version is its own, with the Gitea version behind a plus sign; both have what is needed since their first release. */
function toVersion(response: HttpResponse): string {
  const answer = requireJson(response);
  const version = typeof answer === 'object' && answer !== null && 'version' in answer ? answer.version : undefined;
  const [, release, preview] = VERSION.exec(typeof version === 'string' ? version : '') ?? [];
  if (typeof version !== 'string' || release === undefined) throw new UnusableAnswer(response.status, 'the answer names no version');
  if (isTooOld(release.split('.').map(Number), preview !== undefined))
    throw new ConfigFault(`the server must be Gitea ${MIN_VERSION.join('.')} or newer`);
  return version;
}

/** What leads to a release comes before it. */
function isTooOld(parts: readonly number[], isPreview: boolean): boolean {
  const [major = 0, minor = 0, ...rest] = parts;
  if (major !== MIN_VERSION[0]) return major < MIN_VERSION[0];
  if (minor !== MIN_VERSION[1]) return minor < MIN_VERSION[1];
  return isPreview && rest.every((part) => part === 0);
}

/** Gitea sorts by seconds, so that only the id says which of two statuses is the newer one. */
async function readPages(readPage: (page: number) => Promise<HttpResponse>, wanted: CommitStatus): Promise<ReadonlyMap<string, string>> {
  const newest = new Map<string, { id: number; value: string }>();
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const response = await readPage(page);
    const items = requireItems(requireJson(response), response.status);
    for (const item of items) note(newest, item, wanted);
    if (items.length === 0 || !hasNext(response)) break;
  }
  return new Map([...newest].map(([context, { value }]) => [context, value]));
}

type Item = Readonly<Record<string, unknown>>;

function note(newest: Map<string, { id: number; value: string }>, item: Item, wanted: CommitStatus): void {
  const { context, status: state, description } = item;
  // What lacks a part was not written whole, and says nothing.
  if (typeof context !== 'string' || typeof state !== 'string' || typeof description !== 'string') return;
  if (context === '' || state === '' || description === '') return;
  const id = typeof item['id'] === 'number' ? item['id'] : 0;
  const known = newest.get(context);
  if (known === undefined || id > known.id)
    newest.set(context, { id, value: statusValue({ state, description, url: linkOf(item['target_url'], wanted) }) });
}

function hasNext({ headers }: HttpResponse): boolean {
  return /rel="?next"?/.test(headers['link'] ?? '');
}
