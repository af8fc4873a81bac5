// Google Cloud: a token of Kubernetes, or of whoever vouches for Tocsin, is exchanged at the security token service of a workload
// identity pool, and the result, where one is named, for a token of a service account of Google's.
// https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token
import type { IdentityToken } from '../sdk/identity.ts';
import { ConfigFault } from '../sdk/provider.ts';
import type { Account, Exchange, IdentityEndpoints } from './workload-identity.ts';
import { postForm, postWithToken, tokenField } from './workload-identity-exchange.ts';

const PROVIDER_ANNOTATION = 'gcp.auth.fluxcd.io/workload-identity-provider';
const ACCOUNT_ANNOTATION = 'iam.gke.io/gcp-service-account';
const PROVIDER = /^projects\/\d{1,30}\/locations\/global\/workloadIdentityPools\/[^/]{1,100}\/providers\/[^/]{1,100}$/;
const EMAIL = /^[a-z0-9._-]+@[a-z0-9.-]+$/i;
const LIFETIME_S = 3600;

export interface GcpIdentity {
  /** `//iam.googleapis.com/projects/...` */
  readonly audience: string;
  readonly subjectTokenType: string;
  readonly tokenUrl: string;
  /** Where a token of the service account that is impersonated is asked for. */
  readonly impersonationUrl?: string;
  /** The token that is exchanged; read anew each time, since it is renewed in place. */
  readonly readToken: () => Promise<string>;
}

/** What a service account's annotations say; throws ConfigFault where they cannot be used. */
export function gcpIdentityOf({ name, annotations, token }: Account, endpoints: IdentityEndpoints): GcpIdentity {
  const provider = annotations[PROVIDER_ANNOTATION] ?? '';
  if (provider === '') {
    throw new ConfigFault(
      `service account '${name}' needs the annotation ${PROVIDER_ANNOTATION}: the pool of GKE is only known to its metadata server`,
    );
  }
  if (!PROVIDER.test(provider)) throw new ConfigFault(`invalid ${PROVIDER_ANNOTATION} annotation of service account '${name}'`);
  const email = annotations[ACCOUNT_ANNOTATION] ?? '';
  if (email !== '' && !EMAIL.test(email)) throw new ConfigFault(`invalid ${ACCOUNT_ANNOTATION} annotation of service account '${name}'`);
  const audience = `//iam.googleapis.com/${provider}`;
  return {
    audience,
    subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt',
    tokenUrl: `${endpoints.gcpSts}/v1/token`,
    ...(email === ''
      ? {}
      : { impersonationUrl: `${endpoints.gcpIamCredentials}/v1/projects/-/serviceAccounts/${email}:generateAccessToken` }),
    readToken: () => token(audience),
  };
}

/** Exchanges the identity for an access token. */
export async function gcpToken(exchange: Exchange, identity: GcpIdentity): Promise<IdentityToken> {
  const subjectToken = (await identity.readToken()).trim();
  exchange.conceal(subjectToken);
  const answer = await postForm(exchange.http, identity.tokenUrl, {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience: identity.audience,
    scope: exchange.scopes.join(' '),
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    subject_token: subjectToken,
    subject_token_type: identity.subjectTokenType,
  });
  const federated = tokenField(answer, 'access_token');
  const lifetimeS = Number(answer['expires_in']);
  if (identity.impersonationUrl === undefined) {
    return { value: federated, expiresAtMs: exchange.nowMs + (lifetimeS > 0 ? lifetimeS : LIFETIME_S) * 1000 };
  }
  exchange.conceal(federated);
  const impersonated = await postWithToken(exchange.http, identity.impersonationUrl, federated, { scope: exchange.scopes });
  const expiresAtMs = Date.parse(String(impersonated['expireTime']));
  return {
    value: tokenField(impersonated, 'accessToken'),
    expiresAtMs: Number.isNaN(expiresAtMs) ? exchange.nowMs + LIFETIME_S * 1000 : expiresAtMs,
  };
}
