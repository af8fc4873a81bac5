// Trying the token without sending: the homeserver lists the rooms of its account.
import { bearer } from '../../internal/sdk/authorization.ts';
import { tryCredentials } from '../../internal/sdk/credential-trial.ts';
import type { HttpResponse } from '../../internal/sdk/http.ts';
import { jsonAnswer } from '../../internal/sdk/json-answer.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { ResolvedConfig, SendContext } from '../../internal/sdk/provider.ts';
import { untilChange } from '../../internal/sdk/vendor-outcome.ts';
import { readAnswer } from './answer.ts';

/** https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3joined_rooms */
export async function checkRoom(context: SendContext, { address, channel, token }: ResolvedConfig): Promise<Outcome> {
  return await tryCredentials(context, {
    vendor: 'Matrix',
    address: `${address}/_matrix/client/v3/joined_rooms`,
    headers: [bearer(token)],
    note: 'the token is good and its account is in the room',
    interpret: (response) => absence(response, channel) ?? readAnswer(response),
  });
}

function absence(response: HttpResponse, channel: string): Outcome | undefined {
  const rooms = jsonAnswer(response)?.['joined_rooms'];
  if (response.status !== 200 || !Array.isArray(rooms) || rooms.includes(channel)) return undefined;
  return untilChange('not-found', 'the Matrix token is good, but its account is not in the room: invite it and let it join');
}
