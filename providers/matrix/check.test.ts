// What a homeserver says of an account: https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3joined_rooms.
import { testCheck } from '../../test/support/check-suite.ts';
import { toResponse } from '../../test/support/provider-run.ts';
import definition from './matrix.provider.ts';

testCheck({
  definition,
  spec: { address: 'https://matrix.example.org', channel: '!room:example.org' },
  secret: { token: 'syt_12345678' },
  call: 'GET https://matrix.example.org/_matrix/client/v3/joined_rooms',
  answers: [
    { name: 'a member', answer: toResponse(200, { joined_rooms: ['!room:example.org'] }), kind: 'delivered', says: /is in the room/ },
    {
      name: 'a stranger',
      answer: toResponse(200, { joined_rooms: [] }),
      kind: 'deferred',
      reason: 'not-found',
      says: /not in the room: invite it/,
    },
    {
      name: 'a wrong token',
      answer: toResponse(401, { errcode: 'M_UNKNOWN_TOKEN' }),
      kind: 'deferred',
      reason: 'auth',
      says: /Matrix does not accept/,
    },
    {
      name: 'a spent budget',
      answer: toResponse(429, { errcode: 'M_LIMIT_EXCEEDED', retry_after_ms: 2_000 }),
      kind: 'deferred',
      reason: 'rate-limited',
      says: /wait/,
    },
  ],
});
