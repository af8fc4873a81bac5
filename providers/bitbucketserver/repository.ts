// Where the API of a repository is: beside the `scm` part of its clone address, below the path that the server is installed at.
import { posix } from 'node:path';
import { parseUrl } from '../../internal/sdk/git/address.ts';
import { requirePathParts } from '../../internal/sdk/git/commit-status.ts';
import { ConfigFault } from '../../internal/sdk/provider.ts';

const SCM = '/scm/';

export interface Repository {
  /** Scheme, host and the path of the installation, without a trailing slash. */
  readonly base: string;
  /** As parts of a path, escaped. */
  readonly project: string;
  readonly slug: string;
  /** The query of the address with its question mark, or nothing; it stays on requests that write. */
  readonly query: string;
  /** The address without credentials, which is what a build links to. */
  readonly link: string;
}

/** Throws ConfigFault for an address that is not the one to clone from over HTTP; the fault does not show it, it may hold a password. */
export function toRepository(address: string): Repository {
  const url = parseUrl(address);
  const scheme = url?.scheme ?? /^[A-Za-z][A-Za-z0-9+.-]*(?=:)/.exec(address)?.[0].toLowerCase() ?? '';
  if (scheme !== 'http' && scheme !== 'https') {
    throw new ConfigFault(`could not parse git address: unsupported scheme type in address: ${scheme.slice(0, 20)}. Must be http or https`);
  }
  if (url === undefined) throw new ConfigFault('could not parse git address: it is no URL');
  const { host, query } = url;
  const path = url.path.replace(/\.git$/, '');
  const index = path.lastIndexOf(SCM);
  if (host === '' || index < 0)
    throw new ConfigFault('could not parse git address: supplied provider address is not http(s) git clone url');
  const [project = '', slug = ''] = requirePathParts(path.slice(index + SCM.length), 'project/repository').map(encodeURIComponent);
  const installation = posix.normalize(`${path.slice(0, index)}/`).slice(0, -1);
  return {
    base: `${scheme}://${host}${installation.split('/').map(encodeURIComponent).join('/')}`,
    project,
    slug,
    query,
    link: withoutCredentials(address),
  };
}

/** One name for one repository, however it is written: Bitbucket's names are the same in either case. */
export function repositoryKey({ base, project, slug }: Repository): readonly [apiBase: string, id: string] {
  return [base.toLowerCase(), `${project}/${slug}`.toLowerCase()];
}

function withoutCredentials(address: string): string {
  return address.replace(/^([^:]*:\/\/)[^/?#]*@/, '$1');
}
