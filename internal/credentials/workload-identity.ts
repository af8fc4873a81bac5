// Workload identity: what Kubernetes or the environment vouches for is exchanged for a token of a cloud. Two levels, as in Flux:
// that of a service account in the Provider's namespace (feature gate ObjectLevelWorkloadIdentity), and that of Tocsin itself.
//
// Metadata servers are never asked: the egress guard refuses them, and on a shared node they answer for everybody.
import type { Send } from '../sdk/http.ts';
import type { IdentityRequest, IdentitySource, IdentityToken } from '../sdk/identity.ts';
import type { Clock } from '../sdk/ports.ts';
import { ConfigFault } from '../sdk/provider.ts';
import type { Redactor } from '../sdk/transport.ts';
import { azureToken, type AzureIdentity, azureIdentityOf } from './workload-identity-azure.ts';
import { type GcpIdentity, gcpIdentityOf, gcpToken } from './workload-identity-gcp.ts';

/** What Kubernetes knows of a service account, for the cluster to implement; both reject with SecretUnavailable when it cannot be asked. */
export interface ServiceAccountTokens {
  /** Its annotations; undefined = there is no such service account. */
  annotations(namespace: string, name: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** A short-lived token of the service account for this audience (TokenRequest). */
  token(request: { readonly namespace: string; readonly name: string; readonly audience: string }): Promise<string>;
}

/** Where tokens are exchanged, without a slash at the end. */
export interface IdentityEndpoints {
  /** AZURE_AUTHORITY_HOST where it is set. */
  readonly azureAuthority: string;
  readonly gcpSts: string;
  readonly gcpIamCredentials: string;
}

/** What the environment says of Tocsin's own identity. */
export interface ControllerIdentity {
  readonly azure?: AzureIdentity;
  /** Read at each exchange, since the file may be mended meanwhile; rejects with ConfigFault. */
  readonly gcp?: () => Promise<GcpIdentity>;
}

export interface WorkloadIdentityOptions {
  readonly accounts?: ServiceAccountTokens;
  readonly featureGates: { readonly objectLevelWorkloadIdentity: boolean };
  /** `--default-service-account`, empty for none. */
  readonly defaultServiceAccount: string;
  readonly controller: ControllerIdentity;
  readonly endpoints?: Partial<IdentityEndpoints>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly redactor: Pick<Redactor, 'add'>;
}

/** What an exchange needs. */
export interface Exchange {
  readonly http: Send;
  readonly scopes: readonly string[];
  readonly endpoints: IdentityEndpoints;
  readonly nowMs: number;
  /** Keeps what proves an identity, and what it is exchanged for, out of every record. */
  readonly conceal: (secret: string) => void;
}

const ENDPOINTS: IdentityEndpoints = {
  azureAuthority: 'https://login.microsoftonline.com',
  gcpSts: 'https://sts.googleapis.com',
  gcpIamCredentials: 'https://iamcredentials.googleapis.com',
};

/** Tokens are cached by whoever asks, under `keyOf`. */
export function createWorkloadIdentity(options: WorkloadIdentityOptions): IdentitySource {
  const endpoints = { ...ENDPOINTS, ...options.endpoints };

  const accountOf = ({ serviceAccountName }: IdentityRequest): string =>
    serviceAccountName || (options.featureGates.objectLevelWorkloadIdentity ? options.defaultServiceAccount : '');

  return {
    keyOf(request) {
      const { cloud, scopes, namespace } = request;
      const account = accountOf(request);
      return JSON.stringify(account === '' ? [cloud, scopes] : [cloud, scopes, namespace, account]);
    },
    async acquire(request, http): Promise<IdentityToken> {
      const name = accountOf(request);
      const exchange: Exchange = {
        http,
        scopes: request.scopes,
        endpoints,
        nowMs: options.clock.nowMs(),
        conceal: (secret) => options.redactor.add(secret),
      };
      const account = name === '' ? undefined : await findAccount(options, request, name);
      const { azure, gcp } = options.controller;
      if (request.cloud === 'azure') return azureToken(exchange, account ? azureIdentityOf(account) : own(azure, 'Azure'));
      return gcpToken(exchange, account ? gcpIdentityOf(account, endpoints) : await own(gcp, 'Google Cloud')());
    },
  };
}

/** A service account that exists. */
export interface Account {
  /** `namespace/name` */
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly token: (audience: string) => Promise<string>;
}

async function findAccount(
  options: WorkloadIdentityOptions,
  { namespace, serviceAccountName }: IdentityRequest,
  name: string,
): Promise<Account> {
  const { accounts } = options;
  if (!options.featureGates.objectLevelWorkloadIdentity) {
    throw new ConfigFault('the ObjectLevelWorkloadIdentity feature gate is not enabled in the controller');
  }
  const fullName = `${namespace}/${name}`;
  if (accounts === undefined)
    throw new ConfigFault(`service account '${fullName}' cannot be used: there is no Kubernetes API to ask for its token`);
  const annotations = await accounts.annotations(namespace, name);
  if (annotations === undefined) {
    const hint = serviceAccountName === '' ? '; it is the default of this cluster, please contact its administrator' : '';
    throw new ConfigFault(`failed to get service account '${fullName}': not found${hint}`);
  }
  return { name: fullName, annotations, token: (audience) => accounts.token({ namespace, name, audience }) };
}

function own<Identity>(identity: Identity | undefined, cloud: string): Identity {
  if (identity !== undefined) return identity;
  throw new ConfigFault(`there is no token in the Secret, and the environment gives Tocsin no identity in ${cloud}`);
}
