// What resolving a Target at an attempt yields.
import type { ResolvedConfig } from './provider.ts';
import type { Connection } from './transport.ts';

export interface ResolvedTarget {
  readonly config: ResolvedConfig;
  readonly connection: Connection;
}

/** Resolution fails with ConfigFault (a person must act) or SecretUnavailable (ask again later). */
export class SecretUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SecretUnavailable';
  }
}
