// Gitea as far as its statuses differ from those of other forges: it is asked for its version first, and Flux shows progress here.
import {
  requireToken,
  sendCommitStatus,
  type StatusForge,
  type StatusRepository,
  statusValue,
} from '../../internal/sdk/git/commit-status.ts';
import { readCommit } from '../../internal/sdk/git/commit-reading.ts';
import { recallFact } from '../../internal/sdk/git/status-memory.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { RenderInput, SendContext } from '../../internal/sdk/provider.ts';
import { createApi } from './api.ts';
import { repositoryKey, toRepository } from './repository.ts';

/** Descriptions are a TEXT column, of which MySQL stores 65,535 bytes: a character takes at most three of them per UTF-16 unit. */
export const MAX_DESCRIPTION_CHARS = 21_845;
const VERSION_KEY = 'version';

const forge: StatusForge = {
  name: 'gitea',
  states: { success: 'success', failure: 'failure', pending: 'pending' },
  showsProgress: true,
  maxDescriptionChars: MAX_DESCRIPTION_CHARS,
  open,
};

/** Sets the status unless the commit has it already. */
export async function sendStatus(context: SendContext, input: RenderInput): Promise<Outcome> {
  return await sendCommitStatus(forge, context, input);
}

function open(context: SendContext, { config }: RenderInput): StatusRepository {
  const repository = toRepository(config.address);
  const token = requireToken(config.token || config.password, 'gitea');
  const api = createApi(context.http, repository, token);
  const [apiBase, id] = repositoryKey(repository);
  return {
    id: `${apiBase}/${id}`,
    greet: async () => {
      const scope = `gitea-server:${apiBase}`;
      if ((await recallFact(context, scope, VERSION_KEY)) !== undefined) return [];
      const value = await context.shared(scope, () => api.version());
      return [{ scope, key: VERSION_KEY, value }];
    },
    // The server drops blanks at both ends before it stores a status.
    contextKey: ({ context: name }) => name.trim(),
    toValue: ({ state, description, url }) => statusValue({ state, description: description.trim(), url }),
    read: async (status, commit) => {
      const { all, remember } = await readCommit(context, commit, async () => ({ all: await api.read(status), etag: '' }));
      return { value: all.get(status.context.trim()), remember };
    },
    create: (status) => api.create(status),
  };
}
