// Trying the token of a bot without posting: auth.test says whose it is.
import { bearer } from '../../internal/sdk/authorization.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { ConfigFault, type SendContext } from '../../internal/sdk/provider.ts';
import { outcomeOfStatus } from '../../internal/sdk/status-outcome.ts';
import { readApiAnswer } from './answer.ts';

/** https://docs.slack.dev/reference/methods/auth.test; it needs no scope, so it says nothing about the channel. */
const TEST_ADDRESS = 'https://slack.com/api/auth.test';

/** Asks Slack whether the token is good; throws ConfigFault without one. */
export async function checkToken(context: SendContext, token: string): Promise<Outcome> {
  if (token === '') throw new ConfigFault('there is no token in the Secret; chat.postMessage needs the token of a bot');
  const headers = [['Content-Type', 'application/json'], bearer(token)] as const;
  const response = await context.http({ method: 'POST', url: TEST_ADDRESS, headers, body: '{}' });
  const outcome = readApiAnswer(response) ?? outcomeOfStatus(response, context.clock.nowMs());
  if (outcome.kind !== 'delivered') return outcome;
  return { kind: 'delivered', note: 'the token is good; whether the bot is in the channel shows with the first message' };
}
