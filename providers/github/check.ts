// Trying the credentials without setting a status: the repository is read. GitHub tells nobody whether a token may write
// before it writes; what it says of the repository is as near as it gets.
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { ConfigFault, type ResolvedConfig, type SendContext } from '../../internal/sdk/provider.ts';
import { outcomeOfStatus } from '../../internal/sdk/status-outcome.ts';
import { hasApp, installationToken } from './app.ts';
import { toRepository } from './repository.ts';

/** Reads the repository of the address; throws ConfigFault for configuration that cannot work. `written` names what the type writes. */
export async function checkRepository(context: SendContext, config: ResolvedConfig, written = 'statuses'): Promise<Outcome> {
  const { apiBase, owner, name } = toRepository(config.address);
  const token = config.token || config.password;
  if (token === '' && !hasApp(config)) throw new ConfigFault('github token or github app details must be specified');
  const bearer = token === '' ? await appToken(context, config) : token;
  if (typeof bearer !== 'string') return bearer;
  const headers = [
    ['Accept', 'application/vnd.github+json'],
    ['Authorization', `Bearer ${bearer}`],
  ] as const;
  const response = await context.http({ method: 'GET', url: `${apiBase}/repos/${owner}/${name}`, headers });
  const outcome = outcomeOfStatus(response, context.clock.nowMs());
  if (outcome.kind !== 'delivered') return { ...outcome, message: `could not read the repository ${owner}/${name}: ${outcome.message}` };
  return {
    kind: 'delivered',
    note: `the repository ${owner}/${name} can be read; whether ${written} may be written shows with the first one`,
  };
}

/** The App's token, or the outcome of GitHub's refusal to give one. */
async function appToken(context: SendContext, config: ResolvedConfig): Promise<string | Outcome> {
  try {
    return await installationToken(context, config);
  } catch (error) {
    if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') throw error;
    const outcome = outcomeOfStatus({ status: error.status, headers: {} }, context.clock.nowMs());
    if (outcome.kind === 'delivered') throw error;
    return { ...outcome, message: `could not get a token: ${outcome.message}` };
  }
}
