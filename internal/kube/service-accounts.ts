// Service accounts as workload identity needs them: what they are annotated with, and short-lived tokens for an audience.
import { SecretUnavailable } from '../sdk/credentials.ts';
import type { KubeClient, Resource } from './ports.ts';

export interface ServiceAccountsOptions {
  readonly client: Pick<KubeClient, 'get' | 'submit'>;
  /** Keeps a token out of everything that is written. */
  readonly conceal: (secret: string) => void;
}

/** The service accounts of all namespaces. */
export interface ServiceAccounts {
  /** undefined = there is no such service account. */
  annotations(namespace: string, name: string): Promise<Readonly<Record<string, string>> | undefined>;
  token(request: { readonly namespace: string; readonly name: string; readonly audience: string }): Promise<string>;
}

const SERVICE_ACCOUNTS: Resource = { group: '', version: 'v1', plural: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true };
/** The shortest that the API server issues; the token is exchanged at once. */
const TOKEN_SECONDS = 600;

/** Everything that fails does so with SecretUnavailable: what was asked for may be there later. */
export function createServiceAccounts({ client, conceal }: ServiceAccountsOptions): ServiceAccounts {
  return {
    annotations: async (namespace, name) => {
      const account = await client.get(SERVICE_ACCOUNTS, { namespace, name }, { metadataOnly: true }).catch(unavailable);
      return account === undefined ? undefined : (account.metadata.annotations ?? {});
    },
    token: async ({ namespace, name, audience }) => {
      const request = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { audiences: [audience], expirationSeconds: TOKEN_SECONDS },
      };
      const of = { namespace, name, subresource: 'token' };
      const answer = await client.submit(SERVICE_ACCOUNTS, request, { of }).catch(unavailable);
      const { token } = (answer['status'] ?? {}) as { readonly token?: unknown };
      if (typeof token !== 'string')
        throw new SecretUnavailable(`the API server issued no token for service account '${namespace}/${name}'`);
      conceal(token);
      return token;
    },
  };
}

function unavailable(error: unknown): never {
  throw new SecretUnavailable(error instanceof Error ? error.message : String(error), { cause: error });
}
