// Trying the credentials without writing anything. Whoever may read a repository of Bitbucket Data Center may write build
// statuses there: https://developer.atlassian.com/server/bitbucket/rest/latest/api-group-builds-and-deployments/.
import { findRepository, outcomeOfAccess } from '../../internal/sdk/git/repository-check.ts';
import type { HttpRequest } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { ResolvedConfig, SendContext } from '../../internal/sdk/provider.ts';
import type { Repository } from './repository.ts';

interface Question {
  readonly repository: Repository;
  readonly headers: HttpRequest['headers'];
  readonly config: ResolvedConfig;
}

/** Reads the repository. */
export async function checkRepository(context: SendContext, { repository, headers, config }: Question): Promise<Outcome> {
  const { base, project, slug } = repository;
  const name = `${decodeURIComponent(project)}/${decodeURIComponent(slug)}`;
  const url = `${base}/rest/api/latest/projects/${project}/repos/${slug}`;
  const found = await findRepository(context, {
    forge: 'Bitbucket',
    name,
    request: { method: 'GET', url, headers },
    nameOf,
    config,
  });
  if ('kind' in found) return found;
  return outcomeOfAccess({ name, written: 'statuses', isArchived: found.repository['archived'] === true });
}

/** Data Center answers for the old name of a repository with the new one in it. */
function nameOf({ slug, project }: Readonly<Record<string, unknown>>): string | undefined {
  const key = typeof project === 'object' && project !== null && 'key' in project ? project.key : undefined;
  return typeof key === 'string' && typeof slug === 'string' ? `${key}/${slug}` : undefined;
}
