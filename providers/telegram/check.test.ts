// What Telegram says of a bot and a chat: https://core.telegram.org/bots/api#getchat.
import { testCheck } from '../../test/support/check-suite.ts';
import { toResponse } from '../../test/support/provider-run.ts';
import definition from './telegram.provider.ts';

const refused = (code: number, description: string) => toResponse(code, { ok: false, error_code: code, description });
const secret = { token: '123456789:AAAA-bbbb' };

testCheck({
  definition,
  spec: { channel: '-1001234567890:17' },
  secret,
  call: 'GET https://api.telegram.org/bot123456789:AAAA-bbbb/getChat?chat_id=-1001234567890',
  answers: [
    {
      name: 'a chat of the bot',
      answer: toResponse(200, { ok: true, result: { id: -1001234567890 } }),
      kind: 'delivered',
      says: /knows the chat/,
    },
    { name: 'a revoked token', answer: refused(401, 'Unauthorized'), kind: 'deferred', reason: 'auth', says: /does not know the token/ },
    {
      name: 'no such chat',
      answer: refused(400, 'Bad Request: chat not found'),
      kind: 'deferred',
      reason: 'not-found',
      says: /does not know the chat/,
    },
    { name: 'a failing Telegram', answer: toResponse(502, 'Bad Gateway'), kind: 'retry', reason: 'server', says: /answered 502/ },
  ],
  faults: [
    { spec: { channel: '' }, secret },
    { spec: { channel: '-1' }, secret: {} },
    { spec: { channel: '-1' }, secret: { token: 'a/b' } },
  ],
});
