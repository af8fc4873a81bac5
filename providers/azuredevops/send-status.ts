// Azure DevOps as far as its statuses differ from those of other forges: a context has a genre beside its name.
import type { GitApi } from 'azure-devops-node-api/GitApi.js';
import type { GitStatus } from 'azure-devops-node-api/interfaces/GitInterfaces.js';
import {
  type CommitStatus,
  sendCommitStatus,
  type StatusForge,
  type StatusReading,
  type StatusRepository,
  statusValue,
} from '../../internal/sdk/git/commit-status.ts';
import { requireItems } from '../../internal/sdk/git/forge-answer.ts';
import { recallFact } from '../../internal/sdk/git/status-memory.ts';
import type { Fact, Outcome } from '../../internal/sdk/outcome.ts';
import type { RenderInput, SendContext } from '../../internal/sdk/provider.ts';
import { cutChars } from '../../internal/sdk/text/cut.ts';
import { createClient, findLocation, type Location } from './client.ts';
import { type Repository, repositoryKey, toRepository } from './repository.ts';

/** https://learn.microsoft.com/rest/api/azure/devops/git/statuses/create names no limit; longer than on other forges nobody reads it. */
export const MAX_TEXT_CHARS = 255;
/** As many as are answered when nothing is said. */
const PAGE_SIZE = 1_000;
/** Past this many pages something answers that is not Azure DevOps. */
const MAX_PAGES = 100;
/** The id of Azure DevOps among the applications of Microsoft Entra. */
const ENTRA_SCOPE = '499b84ac-1321-427f-aa17-267ca6975798/.default';
const LOCATION_KEY = 'location';

const forge: StatusForge = {
  name: 'azure devops',
  states: { success: 'succeeded', failure: 'error' },
  maxDescriptionChars: MAX_TEXT_CHARS,
  open,
};

/** Sets the status unless the commit has it already. */
export async function sendStatus(context: SendContext, input: RenderInput): Promise<Outcome> {
  return await sendCommitStatus(forge, context, input);
}

/** Flux tells the statuses of Alerts with a summary apart by it. */
export function genreOf({ metadata }: RenderInput['event']): string {
  const summary = Object.hasOwn(metadata, 'summary') ? (metadata['summary'] ?? '') : '';
  return summary === '' ? 'fluxcd' : cutChars(`fluxcd:${summary}`, MAX_TEXT_CHARS);
}

function open(context: SendContext, { config, event }: RenderInput): StatusRepository {
  const repository = toRepository(config.address);
  const genre = genreOf(event);
  let client: Promise<Connected> | undefined;
  const connected = async () => await (client ??= connect(context, config.token, repository));
  return {
    id: repositoryKey(repository).join('/'),
    contextKey: (status) => contextKey(genre, status.context),
    authenticate: async () => void (await tokenOf(context, config.token)),
    read: async (status) => {
      const { api, learnt } = await connected();
      const all = await readStatuses(api, repository, status.sha);
      return { value: all.get(contextKey(genre, status.context)), all, remember: learnt } satisfies StatusReading;
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
  const location = known === undefined ? await findLocation(access) : (JSON.parse(known) as Location);
  const learnt = known === undefined ? [{ scope, key: LOCATION_KEY, value: JSON.stringify(location) }] : [];
  return { api: await createClient(access, location), learnt };
}

async function tokenOf(context: SendContext, configured: string): Promise<string> {
  return configured === '' ? await context.identity({ cloud: 'azure', scopes: [ENTRA_SCOPE] }) : configured;
}

function contextKey(genre: string, name: string): string {
  return JSON.stringify([genre, name]);
}

/** The order of the answer is not promised, so that the id says which of two statuses is the newer one. */
async function readStatuses(api: GitApi, { project, name }: Repository, sha: string): Promise<ReadonlyMap<string, string>> {
  const items: Readonly<Record<string, unknown>>[] = [];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const range = page === 0 ? [] : ([PAGE_SIZE, page * PAGE_SIZE] as const);
    const found = requireItems(await api.getStatuses(sha, name, project, ...range), 200);
    items.push(...found);
    if (found.length < PAGE_SIZE) break;
  }
  const { default: interfaces } = await import('azure-devops-node-api/interfaces/GitInterfaces.js');
  const values = new Map<string, string>();
  for (const { context, state, description } of items.toSorted((a, b) => Number(a['id']) - Number(b['id'])) as GitStatus[]) {
    if (typeof context?.name !== 'string' || typeof state !== 'number') continue;
    // The client made a number of the word that was answered.
    const word = interfaces.GitStatusState[state]?.toLowerCase() ?? '';
    values.set(contextKey(context.genre ?? '', context.name), statusValue({ state: word, description: description ?? '' }));
  }
  return values;
}

async function createStatus(api: GitApi, { project, name }: Repository, status: CommitStatus & { genre: string }): Promise<void> {
  const { sha, state, description, genre, context } = status;
  const body = { context: { genre, name: context }, description, state };
  // The client's type wants its own number for the state, which servers take as well; Flux sends the word.
  await api.createCommitStatus(body as unknown as GitStatus, sha, name, project);
}
