// Names that lead nowhere. A ▸ in a manifest marks the place that the finding names.
import { ALERT, alert, ALL, object, provider, secret, testBroken, testClean } from '../../test/support/lint-folders.ts';

testBroken([
  {
    name: 'a Provider that is nowhere',
    in: provider('slack', 'type: generic\naddress: https://a.example.com') + alert('all', `providerRef: { ▸name: slcak }\n${ALL}`),
    want: 'missing-provider',
    severity: 'error',
    message: /no Provider slcak in the namespace apps/,
    hint: /Did you mean slack\?/,
  },
  {
    name: 'a Provider in another namespace',
    in: {
      'infra.yaml': provider('hook', 'type: generic\naddress: https://a.example.com', 'infra'),
      'apps.yaml': alert('all', `providerRef: { ▸name: hook }\n${ALL}`),
    },
    want: 'missing-provider',
    severity: 'error',
    message: /it is in infra \(.*infra\.yaml line 2\)/,
    hint: /move the Alert to infra, or add the Provider to apps/,
  },
  {
    name: 'a Secret that is nowhere',
    in:
      ALERT +
      provider('hook', 'type: generic\naddress: https://a.example.com\nsecretRef: { ▸name: headres }') +
      secret('headers', 'headers: "A: b"'),
    want: 'missing-secret',
    severity: 'warning',
    message: /no Secret headres in the namespace apps/,
    hint: /Did you mean headers\?/,
  },
  {
    name: 'a Secret in another namespace',
    in:
      ALERT +
      provider('hook', 'type: generic\naddress: https://a.example.com\nsecretRef: { ▸name: headers }') +
      secret('headers', 'headers: "A: b"', 'infra'),
    want: 'missing-secret',
    severity: 'error',
    message: /it is in infra \(.* line 17\)/,
    hint: /add the Secret to apps/,
  },
  {
    name: 'a Secret without a name',
    in: ALERT + provider('hook', 'type: generic\naddress: https://a.example.com\nsecretRef: { ▸name: "" }'),
    want: 'missing-secret',
    severity: 'warning',
    message: /no Secret "" in/,
    hint: /Add it/,
  },
  {
    name: 'a Secret for TLS that is nowhere',
    in: ALERT + provider('hook', 'type: generic\naddress: https://a.example.com\ncertSecretRef: { ▸name: ca }'),
    want: 'missing-secret',
    severity: 'warning',
    message: /no Secret ca in/,
    hint: /another tool creates it/,
  },
]);

testClean([
  {
    name: 'a Secret that an operator makes',
    in:
      ALERT +
      provider('hook', 'type: slack\nsecretRef: { name: slack }') +
      object('ExternalSecret', 'any', 'spec: { target: { name: slack } }', { version: 'external-secrets.io/v1' }),
  },
]);
