// Which repository of Azure DevOps an address names: organisation, project, `_git` and repository.
import { requirePathParts } from '../../internal/sdk/git/commit-status.ts';
import { parseGitAddress } from '../../internal/sdk/git/address.ts';
import { ConfigFault } from '../../internal/sdk/provider.ts';

export interface Repository {
  /** Scheme, host and organisation, in lower case and without a trailing slash. */
  readonly organisationUrl: string;
  readonly project: string;
  readonly name: string;
}

/** The third part, which is `_git`, does not matter. Throws ConfigFault for an address of another form. */
export function toRepository(address: string): Repository {
  const { scheme, host, id } = parseGitAddress(address);
  const [organisation = '', project = '', , name = ''] = requirePathParts(id, 'organisation/project/_git/repository');
  if (scheme !== 'http' && scheme !== 'https') throw new ConfigFault(`unsupported protocol scheme "${scheme}", use https`);
  return { organisationUrl: `${scheme}://${host}/${encodeURIComponent(organisation)}`.toLowerCase(), project, name };
}

/** One name for one repository, however it is written: names of Azure DevOps are the same in either case. */
export function repositoryKey({ organisationUrl, project, name }: Repository): readonly [apiBase: string, id: string] {
  return [organisationUrl, `${project}/${name}`.toLowerCase()];
}
