// Azure DevOps as far as its statuses differ from those of other forges: a context has a genre beside its name.
import type { GitApi } from 'azure-devops-node-api/GitApi.js';
import type { GitStatus } from 'azure-devops-node-api/interfaces/GitInterfaces.js';
import {
  type CommitStatus,
  linkOf,
  sendCommitStatus,
  type StatusForge,
  type StatusRepository,
  statusValue,
} from '../../internal/sdk/git/commit-status.ts';
import { readCommit } from '../../internal/sdk/git/commit-reading.ts';
import { requireItems } from '../../internal/sdk/git/forge-answer.ts';
import { isWholeCommit } from '../../internal/sdk/git/status-draft.ts';
import { recallFact } from '../../internal/sdk/git/status-memory.ts';
import type { Fact, Outcome } from '../../internal/sdk/outcome.ts';
import type { RenderInput, SendContext } from '../../internal/sdk/provider.ts';
import { cutChars } from '../../internal/sdk/text/cut.ts';
import { createClient, findLocation, type Location } from './client.ts';
import { type Repository, repositoryKey, toRepository } from './repository.ts';
import { tokenOf } from './token.ts';

/** https://learn.microsoft.com/rest/api/azure/devops/git/statuses/create names no limit; longer than on other forges nobody reads it. */
export const MAX_TEXT_CHARS = 255;
/** More than a summary of an Alert may have; two genres that differ at their end are two statuses, so only metadata without end is cut. */
const MAX_GENRE_CHARS = 1_024;
/** As many as are answered when nothing is said. */
const PAGE_SIZE = 1_000;
/** Past this many pages something answers that is not Azure DevOps. */
const MAX_PAGES = 100;
const LOCATION_KEY = 'location';
const GENRE = 'fluxcd';

const forge: StatusForge = {
  name: 'azure devops',
  states: { success: 'succeeded', failure: 'error', pending: 'pending' },
  maxDescriptionChars: MAX_TEXT_CHARS,
  open,
};

/** Sets the status unless the commit has it already. */
export async function sendStatus(context: SendContext, input: RenderInput): Promise<Outcome> {
  return await sendCommitStatus(forge, context, input);
}

/** Flux tells the statuses of Alerts with a summary apart by it; a whole commit has one, whatever the summaries of its objects. */
export function genreOf({ metadata }: RenderInput['event'], isWhole: boolean): string {
  if (isWhole) return GENRE;
  const summary = Object.hasOwn(metadata, 'summary') ? (metadata['summary'] ?? '') : '';
  return summary === '' ? GENRE : cutChars(`${GENRE}:${summary}`, MAX_GENRE_CHARS);
}

function open(context: SendContext, input: RenderInput): StatusRepository {
  const { config, event } = input;
  const repository = toRepository(config.address);
  const genre = genreOf(event, isWholeCommit(input));
  let client: Promise<Connected> | undefined;
  const connected = async () => await (client ??= connect(context, config.token, repository));
  return {
    id: repositoryKey(repository).join('/'),
    contextKey: (status) => contextKey(genre, status.context),
    authenticate: async () => void (await tokenOf(context, config.token)),
    read: async (status, commit) => {
      const { api, learnt } = await connected();
      const read = async () => ({ all: await readStatuses(api, repository, status), etag: '' });
      const { all, remember } = await readCommit(context, commit, read);
      return { value: all.get(contextKey(genre, status.context)), remember: [...learnt, ...remember] };
    },
    create: async (status) => await createStatus((await connected()).api, repository, { ...status, genre }),
  };
}

interface Connected {
  readonly api: GitApi;
  readonly learnt: readonly Fact[];
}

/** Where the API is does not change while a server runs, so it is remembered for as long as a status is. */
async function connect(context: SendContext, configuredToken: string, { organisationUrl }: Repository): Promise<Connected> {
  const access = { http: context.http, organisationUrl, token: await tokenOf(context, configuredToken) };
  const scope = `azuredevops-server:${organisationUrl}`;
  const known = await recallFact(context, scope, LOCATION_KEY);
  const location = known === undefined ? await context.shared(scope, () => findLocation(access)) : (JSON.parse(known) as Location);
  const learnt = known === undefined ? [{ scope, key: LOCATION_KEY, value: JSON.stringify(location) }] : [];
  return { api: await createClient(access, location), learnt };
}

function contextKey(genre: string, name: string): string {
  return JSON.stringify([genre, name]);
}

/** The order of the answer is not promised, so that the id says which of two statuses is the newer one; of equal ids the first counts. */
async function readStatuses(api: GitApi, { project, name }: Repository, wanted: CommitStatus): Promise<ReadonlyMap<string, string>> {
  const items: Readonly<Record<string, unknown>>[] = [];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const range = page === 0 ? [] : ([PAGE_SIZE, page * PAGE_SIZE] as const);
    const answer: unknown = await api.getStatuses(wanted.sha, name, project, ...range);
    // The client hands on the whole answer where it holds no list, which is how Flux's client reads none.
    const found = Array.isArray(answer) ? requireItems(answer, 200) : [];
    items.push(...found);
    if (found.length < PAGE_SIZE) break;
  }
  const { default: interfaces } = await import('azure-devops-node-api/interfaces/GitInterfaces.js');
  const values = new Map<string, string>();
  for (const { context, state, description, targetUrl } of items.toSorted((a, b) => Number(b['id']) - Number(a['id'])) as GitStatus[]) {
    // What lacks a part was not written whole, and says nothing.
    if (typeof context?.name !== 'string' || typeof context.genre !== 'string') continue;
    if (typeof state !== 'number' || typeof description !== 'string') continue;
    const key = contextKey(context.genre, context.name);
    if (values.has(key)) continue;
    // The client made a number of the word that was answered.
    const word = interfaces.GitStatusState[state]?.toLowerCase() ?? '';
    const value = statusValue({ state: word, description, url: linkOf(targetUrl, wanted) });
    values.set(key, value);
  }
  return values;
}

async function createStatus(api: GitApi, { project, name }: Repository, status: CommitStatus & { genre: string }): Promise<void> {
  const { sha, state, description, genre, context, url } = status;
  const body = { context: { genre, name: context }, description, state, ...(url === '' ? {} : { targetUrl: url }) };
  // The client's type wants its own number for the state, which servers take as well; Flux sends the word.
  await api.createCommitStatus(body as unknown as GitStatus, sha, name, project);
}
