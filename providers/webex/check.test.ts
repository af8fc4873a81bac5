// What Webex says of a bot and a room: https://developer.webex.com/docs/api/v1/rooms/get-room-details.
import { testCheck } from '../../test/support/check-suite.ts';
import { toResponse } from '../../test/support/provider-run.ts';
import definition from './webex.provider.ts';

testCheck({
  definition,
  spec: { address: 'https://webexapis.com/v1/messages', channel: 'Y2lz/room' },
  secret: { token: 'webex-12345678' },
  call: 'GET https://webexapis.com/v1/rooms/Y2lz%2Froom',
  answers: [
    { name: 'a room of the bot', answer: toResponse(200, { id: 'Y2lz/room' }), kind: 'delivered', says: /is in the room/ },
    {
      name: 'a wrong token',
      answer: toResponse(401, { message: 'not valid' }),
      kind: 'deferred',
      reason: 'auth',
      says: /Webex does not accept/,
    },
    {
      name: 'no such room',
      answer: toResponse(404, { message: 'not found' }),
      kind: 'retry',
      reason: 'not-found',
      says: /Webex answered 404/,
    },
    { name: 'a spent budget', answer: toResponse(429, {}, { 'retry-after': '9' }), kind: 'deferred', reason: 'rate-limited', says: /429/ },
  ],
  untried: [{ address: 'https://example.com/hook', channel: 'room' }, { address: 'https://webexapis.com/v1/messages' }],
});
