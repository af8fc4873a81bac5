// With what GitHub is asked: the token of the Secret, or the one that its App details buy.
import { ConfigFault, type ResolvedConfig, type SendContext } from '../../internal/sdk/provider.ts';
import { hasApp, installationToken } from './app.ts';
import { createClient } from './client.ts';

/** Throws ConfigFault where nothing could be sent as a credential. */
export function checkCredentials(config: ResolvedConfig): void {
  if (config.token === '' && config.password === '' && !hasApp(config)) {
    throw new ConfigFault('github token or github app details must be specified');
  }
}

/** The token of the Secret; empty where an App has to buy one. */
export function secretToken(config: ResolvedConfig): string {
  return config.token || config.password;
}

/** The token to send. */
export async function tokenOf(context: SendContext, config: ResolvedConfig): Promise<string> {
  const token = secretToken(config);
  return token === '' ? await installationToken(context, config) : token;
}

/** A client whenever one is needed, all with one token: where tokens are not kept, a delivery still buys no more than one. */
export function connector(context: SendContext, apiBase: string, config: ResolvedConfig): () => Promise<ReturnType<typeof createClient>> {
  let token: Promise<string> | undefined;
  return async () => createClient(context, apiBase, await (token ??= tokenOf(context, config)));
}
