// GitHub as far as its comments on pull requests differ from those of other forges. A pull request is an issue there, and its
// conversation the issue's comments.
import { type CommentForge, type CommentRepository, type ListedComment, sendComment } from '../../internal/sdk/git/comment.ts';
import { requireItems } from '../../internal/sdk/git/forge-answer.ts';
import { fieldOf, idOf, toListed } from '../../internal/sdk/git/listed-comment.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { RenderInput, SendContext } from '../../internal/sdk/provider.ts';
import { asked, jsonOf, requireWritten, secondaryLimitMs, UnusableAnswer } from './answer.ts';
import { appIdentity, appLogin } from './app.ts';
import type { createClient } from './client.ts';
import { checkCredentials, connector, secretToken } from './credentials.ts';
import { type Repository, repositoryId, toRepository } from './repository.ts';

/** The API answers 422 to a longer one: `body is too long (maximum is 65536 characters)`. */
export const MAX_BODY_CHARS = 65_536;
/** Also that of Gitea, and of Flux, which therefore finds the same comments. */
export const MARKER_PREFIX = 'flux-pr-comment-key';
const PAGE_SIZE = 100;
/** GitHub locks a conversation at 2,500 comments; past this many pages something answers that is not GitHub. */
const MAX_PAGES = 100;

const forge: CommentForge = {
  name: 'github',
  markerPrefix: MARKER_PREFIX,
  maxBodyChars: MAX_BODY_CHARS,
  limitedMs: secondaryLimitMs,
  open,
};

/** Brings the pull request to a comment that says what the event says. */
export async function sendPullRequestComment(context: SendContext, input: RenderInput): Promise<Outcome> {
  return await sendComment(forge, context, input);
}

function open(context: SendContext, { config }: RenderInput): CommentRepository {
  const repository = toRepository(config.address);
  checkCredentials(config);
  const token = secretToken(config);
  const connect = connector(context, repository.apiBase, config);
  return {
    apiBase: repository.apiBase,
    id: `${repository.apiBase}/${repositoryId(repository)}`,
    credential: token === '' ? appIdentity(config) : token,
    identify: async () => ({ name: token === '' ? await appLogin(context, config) : await readLogin(await connect()) }),
    authenticate: async () => void (await connect()),
    find: async (number, isWanted) => await findComment(await connect(), { repository, number, isWanted }),
    create: async (number, body) => await createComment(await connect(), { repository, number, body }),
    update: async (_number, id, body) => await updateComment(await connect(), { repository, id, body }),
  };
}

type Client = ReturnType<typeof createClient>;

async function readLogin(client: Client): Promise<string> {
  const answer = await asked(() => client.rest.users.getAuthenticated());
  const login = fieldOf(jsonOf(answer), 'login');
  if (typeof login !== 'string' || login === '') throw new UnusableAnswer(answer.status, 'the answer names no user');
  return login;
}

interface Search {
  readonly repository: Repository;
  readonly number: number;
  readonly isWanted: (comment: ListedComment) => boolean;
}

async function findComment(client: Client, search: Search): Promise<ListedComment | undefined> {
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const { items, hasNext } = await readPage(client, search, page);
    const found = items.flatMap((item) => toListed(item, ['user', 'login'])).find(search.isWanted);
    if (found !== undefined) return found;
    if (!hasNext || items.length === 0) break;
  }
  return undefined;
}

async function readPage(client: Client, { repository: { owner, name }, number }: Search, page: number) {
  const answer = await asked(() =>
    client.request('GET /repos/{owner}/{repo}/issues/{issue_number}/comments', {
      owner,
      repo: name,
      issue_number: number,
      direction: 'asc',
      sort: 'created',
      per_page: PAGE_SIZE,
      page,
    }),
  );
  return { items: requireItems(jsonOf(answer), answer.status), hasNext: /rel="?next"?/.test(answer.headers.link ?? '') };
}

async function createComment(
  client: Client,
  { repository: { owner, name }, number, body }: { readonly repository: Repository; readonly number: number; readonly body: string },
): Promise<string | undefined> {
  return idOf(requireWritten(await asked(() => client.rest.issues.createComment({ owner, repo: name, issue_number: number, body }))));
}

async function updateComment(
  client: Client,
  { repository: { owner, name }, id, body }: { readonly repository: Repository; readonly id: string; readonly body: string },
): Promise<void> {
  requireWritten(await asked(() => client.rest.issues.updateComment({ owner, repo: name, comment_id: Number(id), body })));
}
