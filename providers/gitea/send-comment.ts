// Gitea as far as its comments on pull requests differ from those of other forges: it is asked for its version first.
import { requireToken } from '../../internal/sdk/git/commit-status.ts';
import { type CommentForge, type CommentRepository, sendComment } from '../../internal/sdk/git/comment.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { RenderInput, SendContext } from '../../internal/sdk/provider.ts';
import { createApi } from './api.ts';
import { createCommentsApi } from './comments-api.ts';
import { repositoryKey, toRepository } from './repository.ts';

/** Gitea has no limit of its own; nobody reads a comment as long as this. */
export const MAX_BODY_CHARS = 262_144;
/** Also that of GitHub, and of Flux, which therefore finds the same comments. */
export const MARKER_PREFIX = 'flux-pr-comment-key';

const forge: CommentForge = { name: 'gitea', markerPrefix: MARKER_PREFIX, maxBodyChars: MAX_BODY_CHARS, open };

/** Brings the pull request to a comment that says what the event says. */
export async function sendPullRequestComment(context: SendContext, input: RenderInput): Promise<Outcome> {
  return await sendComment(forge, context, input);
}

function open(context: SendContext, { config }: RenderInput): CommentRepository {
  const repository = toRepository(config.address);
  const token = requireToken(config.token || config.password, 'gitea');
  const comments = createCommentsApi(context.http, repository, token);
  const [apiBase, id] = repositoryKey(repository);
  return {
    apiBase,
    id: `${apiBase}/${id}`,
    credential: token,
    identify: async () => {
      await createApi(context.http, repository, token).version();
      return { name: await comments.login() };
    },
    find: async (number, isWanted) => await comments.find(number, isWanted),
    create: async (number, body) => await comments.create(number, body),
    update: async (_number, commentId, body) => await comments.update(commentId, body),
  };
}
