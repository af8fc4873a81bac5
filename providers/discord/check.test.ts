// What Discord says of a webhook: https://docs.discord.com/developers/resources/webhook#get-webhook-with-token.
import { testCheck } from '../../test/support/check-suite.ts';
import { toResponse } from '../../test/support/provider-run.ts';
import definition from './discord.provider.ts';

const hook = 'https://discord.com/api/webhooks/123/secret-part';

for (const address of [hook, `${hook}/`, `${hook}/slack`]) {
  testCheck({
    definition,
    spec: {},
    secret: { address },
    call: `GET ${hook}`,
    answers: [
      {
        name: `a webhook, ${address.slice(hook.length)}`,
        answer: toResponse(200, { id: '123', type: 1 }),
        kind: 'delivered',
        says: /webhook is there/,
      },
      {
        name: `a deleted webhook, ${address.slice(hook.length)}`,
        answer: toResponse(404, { message: 'Unknown Webhook', code: 10015 }),
        kind: 'retry',
        reason: 'not-found',
        says: /Discord answered 404/,
      },
      {
        name: `a wrong token, ${address.slice(hook.length)}`,
        answer: toResponse(401, { message: 'Invalid Webhook Token', code: 50027 }),
        kind: 'deferred',
        reason: 'auth',
        says: /does not accept/,
      },
      {
        name: `a page, ${address.slice(hook.length)}`,
        answer: toResponse(200, '<html>'),
        kind: 'retry',
        reason: 'server',
        says: /without its JSON/,
      },
    ],
    faults: [{ spec: {}, secret: { address: '' } }],
  });
}
