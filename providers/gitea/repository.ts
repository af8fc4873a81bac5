// Where a repository's API is: Gitea and Forgejo serve it below /api/v1 of the repository's own host.
import { requirePathParts } from '../../internal/sdk/git/commit-status.ts';
import { parseGitAddress } from '../../internal/sdk/git/address.ts';
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
  if (scheme !== 'http' && scheme !== 'https') throw new ConfigFault(`unsupported protocol scheme "${scheme}", use https`);
  return { apiBase: `${scheme}://${host}/api/v1`, owner, name };
}

/** One name for one repository, however it is written: Gitea's names are the same in either case. */
export function repositoryKey({ apiBase, owner, name }: Repository): readonly [apiBase: string, id: string] {
  return [apiBase.toLowerCase(), `${owner}/${name}`.toLowerCase()];
}
