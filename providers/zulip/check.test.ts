// What Zulip says of a bot: https://zulip.com/api/get-own-user.
import { testCheck } from '../../test/support/check-suite.ts';
import { toResponse } from '../../test/support/provider-run.ts';
import definition from './zulip.provider.ts';

testCheck({
  definition,
  spec: { address: 'https://example.zulipchat.com/', channel: 'deployments/flux' },
  secret: { username: 'flux-bot@example.zulipchat.com', password: 'key-12345678' },
  call: 'GET https://example.zulipchat.com/api/v1/users/me',
  answers: [
    { name: 'a bot', answer: toResponse(200, { result: 'success', msg: '', user_id: 7 }), kind: 'delivered', says: /API key is good/ },
    {
      name: 'a wrong key',
      answer: toResponse(401, { result: 'error', code: 'INVALID_API_KEY', msg: 'Invalid API key' }),
      kind: 'deferred',
      reason: 'auth',
      says: /INVALID_API_KEY/,
    },
    { name: 'a page', answer: toResponse(200, '<html>'), kind: 'retry', reason: 'server', says: /without its JSON/ },
  ],
});
