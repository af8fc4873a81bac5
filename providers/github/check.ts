// Trying the credentials without writing anything. What a classic token may do stands in the headers of every answer, what an
// App may do in its installation; of a fine-grained token GitHub tells only what its owner may do.
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { ResolvedConfig, SendContext } from '../../internal/sdk/provider.ts';
import {
  type FoundRepository,
  findRepository,
  listedScopes,
  outcomeOfAccess,
  outcomeOfRefusedCheck,
} from '../../internal/sdk/git/repository-check.ts';
import { secondaryLimitMs } from './answer.ts';
import { type Installation, installationToken, readInstallation } from './app.ts';
import { checkCredentials, secretToken } from './credentials.ts';
import { toRepository } from './repository.ts';

interface Need {
  /** https://docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps: one of them is enough. */
  readonly scopes: readonly string[];
  /** Enough on a public repository. */
  readonly publicScope?: string;
  /** What the owner of the token must be allowed on the repository. */
  readonly role: 'pull' | 'push';
  /** https://docs.github.com/rest/authentication/permissions-required-for-github-apps: write on one of them is enough. */
  readonly permissions: readonly string[];
}

const NEEDS = {
  statuses: { scopes: ['repo', 'repo:status'], publicScope: 'public_repo', role: 'push', permissions: ['statuses'] },
  comments: { scopes: ['repo'], publicScope: 'public_repo', role: 'pull', permissions: ['issues', 'pull_requests'] },
  dispatches: { scopes: ['repo'], role: 'push', permissions: ['contents'] },
} satisfies Readonly<Record<string, Need>>;

type Written = keyof typeof NEEDS;

/** Reads the repository of the address; throws ConfigFault for configuration that cannot work. `written` names what the type writes. */
export async function checkRepository(context: SendContext, config: ResolvedConfig, written: Written = 'statuses'): Promise<Outcome> {
  const { apiBase, owner, name: repositoryName } = toRepository(config.address);
  checkCredentials(config);
  const name = `${owner}/${repositoryName}`;
  const token = secretToken(config);
  const installation = token === '' ? await askInstallation(context, config) : undefined;
  if (installation !== undefined && 'kind' in installation) return installation;
  const headers = [
    ['Accept', 'application/vnd.github+json'],
    ['Authorization', `Bearer ${installation?.token ?? token}`],
  ] as const;
  const request = { method: 'GET', url: `${apiBase}/repos/${owner}/${repositoryName}`, headers };
  const found = await findRepository(context, { forge: 'GitHub', name, request, nameOf, config, limitedMs: secondaryLimitMs });
  if ('kind' in found) return found;
  const isArchived = found.repository['archived'] === true;
  const judged = installation === undefined ? judgeToken(found, written) : judgeInstallation(installation, written);
  return outcomeOfAccess({ name, written, isArchived, ...judged, expiresOn: expiryOf(found) });
}

async function askInstallation(
  context: SendContext,
  config: ResolvedConfig,
): Promise<(Installation & { readonly token: string }) | Outcome> {
  try {
    return { ...(await readInstallation(context, config)), token: await installationToken(context, config) };
  } catch (error) {
    return outcomeOfRefusedCheck(error, context, { forge: 'GitHub', name: 'installation of the App', config, limitedMs: secondaryLimitMs });
  }
}

/** https://docs.github.com/authentication/keeping-your-account-and-data-secure/token-expiration-and-revocation: `2026-12-31 00:00:00 UTC`. */
function expiryOf({ headers }: FoundRepository): string | undefined {
  return /^\d{4}-\d{2}-\d{2}/.exec(headers['github-authentication-token-expiration'] ?? '')?.[0];
}

function nameOf(repository: Readonly<Record<string, unknown>>): unknown {
  return repository['full_name'];
}

interface Judged {
  readonly lacks?: string | undefined;
  readonly doubt?: string | undefined;
}

function judgeToken({ repository, headers }: FoundRepository, written: Written): Judged {
  const need: Need = NEEDS[written];
  const scopes = listedScopes(headers['x-oauth-scopes']);
  const enough = [...need.scopes, ...(repository['private'] === false && need.publicScope !== undefined ? [need.publicScope] : [])];
  if (scopes !== undefined && !enough.some((scope) => scopes.includes(scope))) {
    return { lacks: `it needs the scope ${enough.join(' or ')} and has ${scopes.length === 0 ? 'none' : scopes.join(', ')}` };
  }
  const { permissions } = repository;
  const role = typeof permissions === 'object' && permissions !== null ? (permissions as Record<string, unknown>)[need.role] : undefined;
  if (role === false) return { lacks: `its owner has no ${need.role} access there` };
  if (scopes !== undefined && role === true) return {};
  return { doubt: `GitHub does not tell what a fine-grained token may write, so whether it may write ${written} shows with the first one` };
}

function judgeInstallation({ permissions, isSuspended }: Installation, written: Written): Judged {
  if (isSuspended) return { lacks: 'the installation of the App is suspended' };
  const need: Need = NEEDS[written];
  if (need.permissions.some((permission) => ['write', 'admin'].includes(permissions[permission] ?? ''))) return {};
  return { lacks: `the installation of the App needs the permission ${need.permissions.join(' or ')}: write` };
}
