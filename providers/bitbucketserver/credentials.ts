// With what Bitbucket Data Center is asked.
import { requireSendable } from '../../internal/sdk/git/commit-status.ts';
import type { HttpRequest } from '../../internal/sdk/http.ts';
import { ConfigFault, type ResolvedConfig } from '../../internal/sdk/provider.ts';

/** Bitbucket's protection against forged requests lets these two through. */
const NOT_A_BROWSER = [
  ['x-atlassian-token', 'no-check'],
  ['x-requested-with', 'XMLHttpRequest'],
] as const;

/** The headers of every request; throws ConfigFault for credentials that cannot work. */
export function toHeaders(config: ResolvedConfig): HttpRequest['headers'] {
  return [['Authorization', toAuthorization(config)] as const, ...NOT_A_BROWSER];
}

/** The configuration with the name of the user named as a secret, since what the server answers may repeat it. */
export function withUser(config: ResolvedConfig): ResolvedConfig {
  return { ...config, secret: { ...config.secret, username: config.username } };
}

function toAuthorization({ token, username, password }: ResolvedConfig): string {
  if (token !== '') return `Bearer ${requireSendable(token)}`;
  if (username === '' || password === '')
    throw new ConfigFault('invalid credentials, expected to be one of username/password or API Token');
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
