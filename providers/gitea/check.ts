// Trying the token without writing anything: the repository tells what the token's user may do there. Which scopes a token
// has, Gitea tells only to whoever knows the user's password, and to the token when it refuses something.
import { requireToken } from '../../internal/sdk/git/commit-status.ts';
import { findRepository, outcomeOfAccess } from '../../internal/sdk/git/repository-check.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { ResolvedConfig, SendContext } from '../../internal/sdk/provider.ts';
import { toRepository } from './repository.ts';

/** https://docs.gitea.com/development/oauth2-provider#scopes names the scopes; who may push may set statuses. */
const NEEDS = {
  statuses: { role: 'push', scope: 'write:repository', words: 'its user must be allowed to push there' },
  comments: { role: 'pull', scope: 'write:issue', words: 'its user must be allowed to read there' },
} as const;

/** Reads the repository of the address; throws ConfigFault for configuration that cannot work. */
export async function checkRepository(context: SendContext, config: ResolvedConfig, written: keyof typeof NEEDS): Promise<Outcome> {
  const { apiBase, owner, name: repositoryName } = toRepository(config.address);
  const token = requireToken(config.token || config.password, 'gitea');
  const name = `${owner}/${repositoryName}`;
  const url = `${apiBase}/repos/${encodeURIComponent(owner)}/${encodeURIComponent(repositoryName)}`;
  const found = await findRepository(context, {
    forge: 'The server',
    name,
    request: { method: 'GET', url, headers: [['Authorization', `token ${token}`]] },
    nameOf: (repository) => repository['full_name'],
    config,
  });
  if ('kind' in found) return found;
  const { archived, permissions } = found.repository;
  const { role, scope, words } = NEEDS[written];
  const isAllowed = typeof permissions === 'object' && permissions !== null ? (permissions as Record<string, unknown>)[role] : undefined;
  return outcomeOfAccess({
    name,
    written,
    isArchived: archived === true,
    ...(isAllowed === false ? { lacks: words } : {}),
    doubt: `${isAllowed === true ? `its user may write ${written}, ` : ''}whether it has the scope ${scope} shows with the first one`,
  });
}
