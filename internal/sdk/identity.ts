// Workload identity: a token of a cloud instead of a secret, for the identity that Tocsin itself or a Kubernetes service
// account has there.
import type { Send } from './http.ts';

/** What a token is to be good for. */
export interface CloudScope {
  readonly cloud: 'azure' | 'gcp';
  /** OAuth scopes. */
  readonly scopes: readonly string[];
}

/** Whose token is asked for. */
export interface IdentityRequest extends CloudScope {
  /** The Provider's namespace; a service account of another one is never used. */
  readonly namespace: string;
  /** `spec.serviceAccountName`, empty when there is none. */
  readonly serviceAccountName: string;
}

export interface IdentityToken {
  readonly value: string;
  readonly expiresAtMs: number;
}

export interface IdentitySource {
  /** The same for requests that may share a token; holds no secret. */
  keyOf(request: IdentityRequest): string;
  /** Exchanges what proves the identity for a token; rejects with ConfigFault when that is refused, with TransportError when it failed. */
  acquire(request: IdentityRequest, http: Send): Promise<IdentityToken>;
}
