// Where a project's API is: GitLab serves it below /api/v4 of the project's own host.
import { parseGitAddress } from '../../internal/sdk/git/address.ts';
import { ConfigFault } from '../../internal/sdk/provider.ts';

export interface Project {
  /** Scheme and host. */
  readonly host: string;
  /** `group/subgroup/project` of any depth, or the number of a project. */
  readonly path: string;
}

/** Throws ConfigFault for an address that names no project on an HTTP server. */
export function toProject(address: string): Project {
  const { scheme, host, id } = parseGitAddress(address);
  // An address that could not be understood may be a credential in the wrong place, so no more than its scheme is shown.
  if (scheme !== 'http' && scheme !== 'https') throw new ConfigFault(`unsupported protocol scheme "${scheme}", use https`);
  if (id === '' || id.split('/').some((part) => part === '.' || part === '..')) {
    throw new ConfigFault('invalid project id: the address must end with group/project');
  }
  return { host: `${scheme}://${host}`, path: id };
}

/** One name for one project, however it is written: GitLab's paths are the same in either case. */
export function projectKey({ host, path }: Project): readonly [apiBase: string, id: string] {
  return [`${host.toLowerCase()}/api/v4`, path.toLowerCase()];
}
