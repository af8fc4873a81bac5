// Which repository of Bitbucket Cloud an address names.
import { requirePathParts } from '../../internal/sdk/git/commit-status.ts';
import { parseGitAddress } from '../../internal/sdk/git/address.ts';

export interface Repository {
  readonly workspace: string;
  readonly slug: string;
}

/** There is one Bitbucket Cloud, so the host of the address does not matter. Throws ConfigFault for another form. */
export function toRepository(address: string): Repository {
  const [workspace = '', slug = ''] = requirePathParts(parseGitAddress(address).id, 'workspace/repository');
  return { workspace, slug };
}

/** One name for one repository, however it is written: Bitbucket's names are the same in either case. */
export function repositoryKey({ workspace, slug }: Repository): readonly [apiBase: string, id: string] {
  return ['bitbucket.org', `${workspace}/${slug}`.toLowerCase()];
}
