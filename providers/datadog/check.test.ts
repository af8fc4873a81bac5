// What Datadog says of a key: https://docs.datadoghq.com/api/latest/authentication/#validate-api-key.
import { testCheck } from '../../test/support/check-suite.ts';
import { toResponse } from '../../test/support/provider-run.ts';
import definition from './datadog.provider.ts';

testCheck({
  definition,
  spec: { address: 'https://api.datadoghq.eu' },
  secret: { token: 'key-12345678' },
  call: 'GET https://api.datadoghq.eu/api/v1/validate',
  answers: [
    { name: 'a good key', answer: toResponse(200, { valid: true }), kind: 'delivered', says: /API key is good/ },
    {
      name: 'a wrong key',
      answer: toResponse(403, { errors: ['Forbidden'] }),
      kind: 'deferred',
      reason: 'auth',
      says: /Datadog does not accept/,
    },
  ],
  faults: [{ spec: {}, secret: {} }],
});
