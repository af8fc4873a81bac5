// What Opsgenie says of a key: https://docs.opsgenie.com/docs/alert-api#count-alerts.
import { testCheck } from '../../test/support/check-suite.ts';
import { toResponse } from '../../test/support/provider-run.ts';
import definition from './opsgenie.provider.ts';

testCheck({
  definition,
  spec: { address: 'https://api.eu.opsgenie.com/v2/alerts' },
  secret: { token: 'key-12345678' },
  call: 'GET https://api.eu.opsgenie.com/v2/alerts/count',
  answers: [
    { name: 'a key that may read', answer: toResponse(200, { data: { count: 7 } }), kind: 'delivered', says: /key is good/ },
    { name: 'a key that may only create', answer: toResponse(403, { message: 'no read access' }), kind: 'delivered', says: /key is good/ },
    {
      name: 'a wrong key',
      answer: toResponse(401, { message: 'Could not authenticate' }),
      kind: 'deferred',
      reason: 'auth',
      says: /Opsgenie does not accept/,
    },
  ],
  untried: [{ address: 'https://api.atlassian.com/jsm/ops/integration/v2/alerts' }],
  faults: [{ spec: { address: 'https://api.opsgenie.com/v2/alerts' }, secret: {} }],
});
