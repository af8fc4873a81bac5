// What an Alertmanager says of itself: its API has a status beside the alerts.
import { testCheck } from '../../test/support/check-suite.ts';
import { toResponse } from '../../test/support/provider-run.ts';
import definition from './alertmanager.provider.ts';

testCheck({
  definition,
  spec: { address: 'https://alertmanager.example.com/api/v2/alerts/' },
  secret: { username: 'tocsin', password: 'pw-12345678' },
  call: 'GET https://alertmanager.example.com/api/v2/status',
  answers: [
    { name: 'ready', answer: toResponse(200, { cluster: { status: 'ready' } }), kind: 'delivered', says: /ready for alerts/ },
    {
      name: 'wrong credentials',
      answer: toResponse(401, 'Unauthorized'),
      kind: 'deferred',
      reason: 'auth',
      says: /Alertmanager does not accept/,
    },
  ],
  untried: [{ address: 'https://example.com/hook' }],
});
