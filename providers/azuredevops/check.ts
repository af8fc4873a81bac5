// Trying the token without writing anything: the repository is read, and Azure DevOps is asked whether the token's user may
// contribute to it. A token for statuses alone may do neither, so whether it is known is asked in another way.
import { requireJson } from '../../internal/sdk/git/forge-answer.ts';
import { type FoundRepository, findRepository, outcomeOfAccess } from '../../internal/sdk/git/repository-check.ts';
import type { HttpRequest, HttpResponse } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { ResolvedConfig, SendContext } from '../../internal/sdk/provider.ts';
import { credentials, SIGN_IN_PAGE } from './client.ts';
import { toRepository } from './repository.ts';

const API_VERSION = 'api-version=7.1';
/** https://learn.microsoft.com/azure/devops/organizations/security/namespace-reference: Git Repositories, GenericContribute. */
const GIT_NAMESPACE = '2e9eb7ed-3c0a-47d4-87c1-0ffdd275fd87';
const CONTRIBUTE = 4;
const SCOPE = 'Code (Status)';
/** The user of a request without credentials. */
const ANONYMOUS = 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa';

/** Reads the repository and the permission; throws ConfigFault for configuration that cannot work. */
export async function checkRepository(context: SendContext, config: ResolvedConfig, token: string): Promise<Outcome> {
  const { organisationUrl, project, name: repositoryName } = toRepository(config.address);
  const headers = [['Accept', 'application/json'] as const, ...credentials(token)];
  const get = (path: string): HttpRequest => ({ method: 'GET', url: `${organisationUrl}/${path}`, headers });
  const name = `${project}/${repositoryName}`;
  const path = `${encodeURIComponent(project)}/_apis/git/repositories/${encodeURIComponent(repositoryName)}?${API_VERSION}`;
  const asking = { ...context, http: async (request: HttpRequest) => asRefusal(await context.http(request)) };
  const found = await findRepository(asking, { forge: 'Azure DevOps', name, request: get(path), nameOf, config });
  if ('kind' in found) {
    const isRefused = found.kind === 'deferred' && found.reason === 'auth';
    if (!isRefused || !(await isKnown(asking, get('_apis/connectionData')))) return found;
    const note = `the token is good and may not read ${name}, as one with the scope ${SCOPE} alone; the rest shows with the first status`;
    return { kind: 'delivered', note };
  }
  const permission = await askPermission(asking, found, get);
  const lacks = permission === false ? 'its user needs the permission Contribute there' : undefined;
  const doubt =
    permission === true
      ? `its user may contribute there, whether it has the scope ${SCOPE} shows with the first one`
      : `whether it may write statuses shows with the first one`;
  return outcomeOfAccess({ name, written: 'statuses', isArchived: found.repository['isDisabled'] === true, lacks, doubt });
}

/** The connection data say whose the token is, whatever its scope; clients of Azure DevOps ask for them first. */
async function isKnown(context: SendContext, request: HttpRequest): Promise<boolean> {
  const response = await context.http(request);
  if (response.status !== 200) return false;
  const { authenticatedUser: user } = requireJson(response) as { readonly authenticatedUser?: { readonly id?: unknown } };
  return typeof user?.id === 'string' && user.id !== ANONYMOUS;
}

/** https://learn.microsoft.com/rest/api/azure/devops/security/permissions/has-permissions; undefined where that is not answered. */
async function askPermission(
  context: SendContext,
  { repository }: FoundRepository,
  get: (path: string) => HttpRequest,
): Promise<boolean | undefined> {
  const { id, project } = repository;
  const projectId = typeof project === 'object' && project !== null && 'id' in project ? project.id : undefined;
  if (typeof id !== 'string' || typeof projectId !== 'string') return undefined;
  const place = encodeURIComponent(`repoV2/${projectId}/${id}`);
  const response = await context.http(get(`_apis/permissions/${GIT_NAMESPACE}/${CONTRIBUTE}?tokens=${place}&${API_VERSION}`));
  if (response.status !== 200) return undefined;
  const answer = requireJson(response);
  const values: unknown = typeof answer === 'object' && answer !== null && 'value' in answer ? answer.value : undefined;
  return Array.isArray(values) && typeof values[0] === 'boolean' ? values[0] : undefined;
}

/** A token that is not known gets the sign-in page. */
function asRefusal(response: HttpResponse): HttpResponse {
  return response.status === SIGN_IN_PAGE ? { ...response, status: 401, body: new Uint8Array() } : response;
}

function nameOf({ name, project }: Readonly<Record<string, unknown>>): string | undefined {
  const projectName = typeof project === 'object' && project !== null && 'name' in project ? project.name : undefined;
  return typeof name === 'string' && typeof projectName === 'string' ? `${projectName}/${name}` : undefined;
}
