// Where a repository's API is: github.com has its own host for it, GitHub Enterprise serves it below /api/v3.
import { parseGitAddress } from '../../internal/sdk/git/address.ts';
import { requirePathParts } from '../../internal/sdk/git/commit-status.ts';
import { ConfigFault } from '../../internal/sdk/provider.ts';

export interface Repository {
  /** Without a trailing slash. */
  readonly apiBase: string;
  readonly owner: string;
  readonly name: string;
}

/** Throws ConfigFault for an address that names no repository on an HTTP server. */
export function toRepository(address: string): Repository {
  const { scheme, host, id } = parseGitAddress(address);
  const [owner = '', name = ''] = requirePathParts(id, 'owner/repository');
  if (host === 'github.com') return { apiBase: 'https://api.github.com', owner, name };
  if (scheme !== 'http' && scheme !== 'https') throw new ConfigFault(`unsupported protocol scheme "${scheme}", use https`);
  const isApiHost = host.startsWith('api.') || host.includes('.api.');
  return { apiBase: `${scheme}://${host}${isApiHost ? '' : '/api/v3'}`, owner, name };
}

/** One name for one repository, however it is written: GitHub's names are the same in either case. */
export function repositoryId({ owner, name }: Repository): string {
  return `${owner}/${name}`.toLowerCase();
}

/** The API and the repository of an address, as the parts of a lane; throws ConfigFault as `toRepository` does. */
export function repositoryKey(address: string): readonly [apiBase: string, id: string] {
  const repository = toRepository(address);
  return [repository.apiBase, repositoryId(repository)];
}
