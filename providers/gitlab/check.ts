// Trying the token without writing anything: GitLab tells the scopes of a token to itself, and of a project what the token's
// user is there.
import { requireToken } from '../../internal/sdk/git/commit-status.ts';
import { requireJson } from '../../internal/sdk/git/forge-answer.ts';
import { type FoundRepository, findRepository, outcomeOfAccess } from '../../internal/sdk/git/repository-check.ts';
import type { HttpRequest } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { ResolvedConfig, SendContext } from '../../internal/sdk/provider.ts';
import { toProject } from './project.ts';

/** https://docs.gitlab.com/api/members/#roles, as numbers. */
const REPORTER = { level: 20, name: 'Reporter' };
const DEVELOPER = { level: 30, name: 'Developer' };
/** https://docs.gitlab.com/api/commits/#set-commit-pipeline-status and https://docs.gitlab.com/user/permissions/#project-members-permissions */
const NEEDS = { statuses: DEVELOPER, comments: REPORTER };

type Written = keyof typeof NEEDS;

/** Reads the token and the project; throws ConfigFault for configuration that cannot work. */
export async function checkProject(context: SendContext, config: ResolvedConfig, written: Written): Promise<Outcome> {
  const { host, path } = toProject(config.address);
  const token = requireToken(config.token || config.password, 'gitlab');
  const get = (resource: string): HttpRequest => ({
    method: 'GET',
    url: `${host}/api/v4/${resource}`,
    headers: [['Private-Token', token]],
  });
  const request = get(`projects/${encodeURIComponent(path).replaceAll('.', '%2E')}`);
  const found = await findRepository(context, {
    forge: 'GitLab',
    name: path,
    request,
    config,
    // A project may also be addressed by its number, which says nothing about its name.
    ...(/^\d+$/.test(path) ? {} : { nameOf: (project) => project['path_with_namespace'] }),
  });
  if ('kind' in found) return found;
  const { scopes, expiresOn } = await readToken(context, get('personal_access_tokens/self'));
  const isArchived = found.repository['archived'] === true;
  return outcomeOfAccess({ name: path, written, isArchived, ...judge(found, scopes, written), expiresOn });
}

interface Token {
  readonly scopes?: readonly string[];
  readonly expiresOn?: string;
}

/** https://docs.gitlab.com/api/personal_access_tokens/#self-inform; empty for what is no such token, as those of OAuth. */
async function readToken(context: SendContext, request: HttpRequest): Promise<Token> {
  const response = await context.http(request);
  if (response.status !== 200) return {};
  const { scopes, expires_at: expiresOn } = { ...(requireJson(response) as Readonly<Record<string, unknown>>) };
  return {
    ...(Array.isArray(scopes) ? { scopes: scopes.filter((scope) => typeof scope === 'string') } : {}),
    ...(typeof expiresOn === 'string' ? { expiresOn } : {}),
  };
}

function judge({ repository }: FoundRepository, scopes: readonly string[] | undefined, written: Written) {
  const need = NEEDS[written];
  const level = levelOf(repository['permissions']);
  if (scopes !== undefined && scopes.length > 0 && !scopes.includes('api')) {
    return { lacks: `it needs the scope api and has ${scopes.join(', ')}` };
  }
  if (level !== undefined && level < need.level) return { lacks: `its user must be ${need.name} or more there` };
  if (level !== undefined && scopes !== undefined && scopes.length > 0) return {};
  return { doubt: `GitLab does not tell everything about it, so whether it may write ${written} shows with the first one` };
}

/** The higher of what the project and its group give; undefined for who is neither, as administrators. */
function levelOf(permissions: unknown): number | undefined {
  if (typeof permissions !== 'object' || permissions === null) return undefined;
  const levels = Object.values(permissions).flatMap((access: unknown) =>
    typeof access === 'object' && access !== null && 'access_level' in access && typeof access.access_level === 'number'
      ? [access.access_level]
      : [],
  );
  return levels.length === 0 ? undefined : Math.max(...levels);
}
