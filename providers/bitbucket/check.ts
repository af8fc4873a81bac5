// Trying the credentials without writing anything. Whoever may read a repository of Bitbucket Cloud may write build statuses
// there: https://developer.atlassian.com/cloud/bitbucket/bitbucket-api-changes-commit-status/.
import { findRepository, listedScopes, outcomeOfAccess } from '../../internal/sdk/git/repository-check.ts';
import type { HttpRequest } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { ResolvedConfig, SendContext } from '../../internal/sdk/provider.ts';

interface Question {
  readonly name: string;
  readonly url: string;
  readonly authorization: HttpRequest['headers'][number];
  readonly config: ResolvedConfig;
}

/** https://developer.atlassian.com/cloud/bitbucket/rest/intro/#scopes: the first is that of app passwords, the second of API tokens. */
const SCOPE = /^(?:repository(?::write|:admin)?|(?:read|write|admin):repository:bitbucket)$/;

/** Reads the repository. */
export async function checkRepository(context: SendContext, { name, url, authorization, config }: Question): Promise<Outcome> {
  const found = await findRepository(context, {
    forge: 'Bitbucket',
    name,
    request: { method: 'GET', url, headers: [authorization] },
    nameOf: (repository) => repository['full_name'],
    config,
  });
  if ('kind' in found) return found;
  const scopes = listedScopes(found.headers['x-oauth-scopes']);
  const isLacking = scopes !== undefined && scopes.length > 0 && !scopes.some((scope) => SCOPE.test(scope));
  const lacks = isLacking ? `it needs the scope to read repositories and has ${scopes.join(', ')}` : undefined;
  return outcomeOfAccess({ name, written: 'statuses', lacks });
}
