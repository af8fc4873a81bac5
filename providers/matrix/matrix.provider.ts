// Matrix, by the client-server API of a homeserver.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { bearer } from '../../internal/sdk/authorization.ts';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { postJson } from '../../internal/sdk/post-json.ts';
import { encodeFluxEvent } from '../../internal/sdk/text/go-json.ts';
import { readAnswer } from './answer.ts';
import { checkRoom } from './check.ts';
import { MAX_BODY_BYTES, toPayload } from './payload.ts';

export default defineProvider({
  type: 'matrix',
  title: 'Matrix',
  category: 'chat',
  summary: 'Sends a message to a Matrix room.',
  link: 'https://spec.matrix.org/latest/client-server-api/#sending-events-to-a-room',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The address of the homeserver.'),
    channel: z.string().optional().describe('The id of the room, as in !abc:example.org; an alias does not work.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The address of the homeserver, when it must not stand in the Provider.'),
    token: z.string().optional().describe('The access token of the account that sends, sent as a bearer token.'),
  }),
  capabilities: {
    accepts: ['event'],
    // The transaction id is made of the event: the homeserver takes a repeat for what it is.
    idempotency: 'natural',
    backlog: 'latest',
    // The rate is a setting of each homeserver, which says with each refusal how long to wait.
    limits: { bodyBytes: MAX_BODY_BYTES },
  },
  render: (input) => {
    const { address, channel, token } = input.config;
    const request = postJson({ name: 'Matrix homeserver', address, headers: [bearer(token)], body: toPayload(input) });
    const transaction = createHash('sha1').update(encodeFluxEvent(input.event)).digest('hex');
    const path = `/_matrix/client/r0/rooms/${roomSegment(channel)}/send/m.room.message/${transaction}`;
    return [{ ...request, method: 'PUT', url: `${address}${path}` }];
  },
  interpret: readAnswer,
  check: checkRoom,
  examples: [
    {
      title: 'A room',
      spec: {
        type: 'matrix',
        address: 'https://matrix.example.org',
        channel: '!placeholder:example.org',
        secretRef: { name: 'matrix-bot' },
      },
      secret: { token: 'syt_placeholder' },
      event: exampleEvent(),
    },
  ],
});

/** Flux writes the room as it stands; only what would end the path, as the # of an alias does, has to be escaped. */
function roomSegment(channel: string): string {
  return channel.toWellFormed().replace(/[^\x21-\x7e]|[#?]/gu, encodeURIComponent);
}
