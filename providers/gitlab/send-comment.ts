// GitLab as far as its comments on merge requests, which it calls notes, differ from those of other forges.
import { requireToken } from '../../internal/sdk/git/commit-status.ts';
import { type CommentForge, type CommentRepository, sendComment } from '../../internal/sdk/git/comment.ts';
import { UnusableAnswer } from '../../internal/sdk/git/forge-answer.ts';
import { fieldOf, idOf, toListed } from '../../internal/sdk/git/listed-comment.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { RenderInput, SendContext } from '../../internal/sdk/provider.ts';
import { createNotesClient } from './client.ts';
import { projectKey, toProject } from './project.ts';

/** GitLab takes 1,000,000 characters; nobody reads a comment as long as this. */
export const MAX_BODY_CHARS = 262_144;
/** That of Flux, which therefore finds the same comments. */
export const MARKER_PREFIX = 'flux-mr-comment-key';

const forge: CommentForge = { name: 'gitlab', markerPrefix: MARKER_PREFIX, maxBodyChars: MAX_BODY_CHARS, open };

/** Brings the merge request to a comment that says what the event says. */
export async function sendMergeRequestComment(context: SendContext, input: RenderInput): Promise<Outcome> {
  return await sendComment(forge, context, input);
}

function open(context: SendContext, { config }: RenderInput): CommentRepository {
  const project = toProject(config.address);
  const token = requireToken(config.token || config.password, 'gitlab');
  const connect = async () => await createNotesClient(context.http, { host: project.host, token });
  const [apiBase, id] = projectKey(project);
  return {
    apiBase,
    id: `${apiBase}/${id}`,
    credential: token,
    identify: async () => ({ name: toUsername(await (await connect()).users.showCurrentUser()) }),
    find: async (number, isWanted) => {
      const { notes } = await connect();
      const items = await notes.all(project.path, number, { orderBy: 'created_at', sort: 'asc' });
      return items.flatMap((item) => toListed(item, ['author', 'username'])).find(isWanted);
    },
    create: async (number, body) => {
      const { notes } = await connect();
      return idOf(await notes.create(project.path, number, body));
    },
    update: async (number, noteId, body) => {
      const { notes } = await connect();
      await notes.edit(project.path, number, Number(noteId), { body });
    },
  };
}

function toUsername(value: unknown): string {
  const name = fieldOf(value, 'username');
  if (typeof name !== 'string' || name === '') throw new UnusableAnswer(200, 'the answer names no user');
  return name;
}
