// Azure: a token of Kubernetes, or of whoever vouches for Tocsin, is the client assertion of an Entra application.
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
import type { IdentityToken } from '../sdk/identity.ts';
import { ConfigFault } from '../sdk/provider.ts';
import type { Account, Exchange } from './workload-identity.ts';
import { postForm, tokenField } from './workload-identity-exchange.ts';

const AUDIENCE = 'api://AzureADTokenExchange';
const LIFETIME_S = 3600;

export interface AzureIdentity {
  readonly tenantId: string;
  readonly clientId: string;
  /** The token that is exchanged; read anew each time, since it is renewed in place. */
  readonly readToken: () => Promise<string>;
}

/** What a service account's annotations say; throws ConfigFault where one is missing. */
export function azureIdentityOf({ name, annotations, token }: Account): AzureIdentity {
  const need = (key: string): string => {
    const value = annotations[`azure.workload.identity/${key}`] ?? '';
    if (value === '')
      throw new ConfigFault(`azure ${key} is not set in the service account annotation azure.workload.identity/${key} ('${name}')`);
    return value;
  };
  return { tenantId: need('tenant-id'), clientId: need('client-id'), readToken: () => token(AUDIENCE) };
}

/** Exchanges the identity for an access token. */
export async function azureToken(exchange: Exchange, { tenantId, clientId, readToken }: AzureIdentity): Promise<IdentityToken> {
  // It becomes a part of a path.
  if (!/^[a-z0-9][a-z0-9.-]*$/i.test(tenantId)) throw new ConfigFault('the Azure tenant id holds a character that is not allowed');
  const assertion = (await readToken()).trim();
  exchange.conceal(assertion);
  const answer = await postForm(exchange.http, `${exchange.endpoints.azureAuthority}/${tenantId}/oauth2/v2.0/token`, {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
    scope: exchange.scopes.join(' '),
  });
  const lifetimeS = Number(answer['expires_in']);
  return { value: tokenField(answer, 'access_token'), expiresAtMs: exchange.nowMs + (lifetimeS > 0 ? lifetimeS : LIFETIME_S) * 1000 };
}
