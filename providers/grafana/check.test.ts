// What Grafana says of a token: https://grafana.com/docs/grafana/latest/developers/http_api/annotations/#find-annotations.
import { testCheck } from '../../test/support/check-suite.ts';
import { toResponse } from '../../test/support/provider-run.ts';
import definition from './grafana.provider.ts';

testCheck({
  definition,
  spec: { address: 'https://grafana.example.com/api/annotations?orgId=2' },
  secret: { token: 'glsa_12345678' },
  call: 'GET https://grafana.example.com/api/annotations?orgId=2&limit=1',
  answers: [
    { name: 'a reader', answer: toResponse(200, []), kind: 'delivered', says: /can be read/ },
    {
      name: 'a wrong token',
      answer: toResponse(401, { message: 'Invalid API key' }),
      kind: 'deferred',
      reason: 'auth',
      says: /Grafana does not accept/,
    },
    { name: 'a login page', answer: toResponse(200, '<html>'), kind: 'retry', reason: 'server', says: /without its JSON/ },
  ],
});
