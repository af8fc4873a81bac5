// With what a repository of Bitbucket Cloud is asked, and where.
import type { HttpRequest } from '../../internal/sdk/http.ts';
import { ConfigFault, type ResolvedConfig, type SendContext } from '../../internal/sdk/provider.ts';
import { repositoryKey, toRepository } from './repository.ts';

const API_BASE = 'https://api.bitbucket.org/2.0';

export interface Access {
  /** `workspace/repository` */
  readonly name: string;
  /** The API and the repository, the same however the address is written. */
  readonly id: string;
  /** Of the repository, without a trailing slash. */
  readonly url: string;
  readonly authorization: HttpRequest['headers'][number];
}

/** Throws ConfigFault for an address or a token that cannot work. */
export function toAccess(context: SendContext, { address, token }: ResolvedConfig): Access {
  const authorization = toAuthorization(token);
  const repository = toRepository(address);
  const { workspace, slug } = repository;
  return {
    name: `${workspace}/${slug}`,
    id: repositoryKey(repository).join('/'),
    url: `${apiBaseOf(context)}/repositories/${encodeURIComponent(workspace)}/${encodeURIComponent(slug)}`,
    authorization,
  };
}

/** The configuration with either half of the token named as a secret, since what Bitbucket answers may repeat one of them. */
export function withHalves(config: ResolvedConfig): ResolvedConfig {
  const [user = '', password = ''] = config.token.split(':');
  return { ...config, secret: { ...config.secret, user, password } };
}

/** `BITBUCKET_API_BASE_URL` names another API, as it does for Flux. */
function apiBaseOf({ environment }: SendContext): string {
  const base = (environment?.['BITBUCKET_API_BASE_URL'] ?? '').trim().replace(/\/+$/, '');
  if (base === '') return API_BASE;
  if (!/^https?:$/.test(URL.parse(base)?.protocol ?? '')) throw new ConfigFault('BITBUCKET_API_BASE_URL must be an http or https URL');
  return base;
}

function toAuthorization(token: string): HttpRequest['headers'][number] {
  if (token === '') throw new ConfigFault('bitbucket token cannot be empty');
  if (token.split(':').length !== 2) throw new ConfigFault('invalid token format, expected to be <user>:<password>');
  return ['Authorization', `Basic ${Buffer.from(token).toString('base64')}`];
}
