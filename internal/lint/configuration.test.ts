// Providers that nothing can be sent with. A ▸ in a manifest marks the place that the finding names.
import { ALERT, alert, ALL, CANARY, provider, secret, testBroken } from '../../test/support/lint-folders.ts';

testBroken([
  {
    name: 'an address without a scheme',
    in: ALERT + provider('hook', 'type: generic\n▸address: hooks.example.com/flux'),
    want: 'bad-configuration',
    severity: 'error',
    message: /invalid .*URL/,
    hint: /mend spec\.address/,
  },
  {
    name: 'an address of another protocol',
    in: ALERT + provider('hook', 'type: slack\n▸address: ftp://hooks.example.com/flux'),
    want: 'bad-configuration',
    severity: 'error',
    message: /unsupported protocol scheme/,
    hint: /mend spec\.address/,
  },
  {
    name: 'no address at all',
    in: ALERT + provider('hook', 'type: slack\nchannel: general').replace('spec:', '▸spec:'),
    want: 'bad-configuration',
    severity: 'error',
    message: /empty url/,
    hint: /mend spec\.address/,
  },
  {
    name: 'an address that is no repository',
    in:
      alert('all', `providerRef: { name: git }\n${ALL}`) +
      provider('git', 'type: github\n▸address: https://github.com/fleet\nsecretRef: { name: git }') +
      secret('git', 'token: x'),
    want: 'bad-configuration',
    severity: 'error',
    message: /invalid repository id/,
    hint: /mend spec\.address/,
  },
  {
    name: 'an address in a Secret that is none',
    in: ALERT + provider('hook', 'type: slack\nsecretRef: { name: hook }') + secret('hook', `▸address: ${CANARY}`),
    want: 'bad-configuration',
    severity: 'error',
    message: /invalid Slack hook URL/,
    hint: /the key address of the Secret/,
  },
  {
    name: 'an address that cannot work although the Secret is encrypted',
    in:
      ALERT +
      provider('hook', 'type: generic-hmac\n▸address: "hooks.example.com/flux"\nsecretRef: { name: hook }') +
      secret('hook', 'token: ENC[AES256_GCM,data:x]'),
    want: 'bad-configuration',
    severity: 'error',
    message: /invalid .*URL/,
    hint: /mend spec\.address/,
  },
  {
    name: 'a type without its credentials',
    in:
      alert('all', `providerRef: { name: git }\n${ALL}`) +
      provider('git', 'type: github\naddress: https://github.com/example/fleet').replace('spec:', '▸spec:'),
    want: 'bad-configuration',
    severity: 'error',
    message: /github token or github app details must be specified/,
    hint: /Mend the Secret/,
  },
  {
    name: 'headers that are no mapping',
    in:
      ALERT +
      provider('hook', 'type: generic\naddress: https://a.example.com\n▸secretRef: { name: hook }') +
      secret('hook', `headers: ${CANARY}`),
    want: 'bad-configuration',
    severity: 'error',
    message: /failed to read headers from secret/,
    hint: /Mend the Secret/,
  },
  {
    name: 'a certificate that is none',
    in:
      ALERT +
      provider('hook', 'type: generic\naddress: https://a.example.com\n▸certSecretRef: { name: ca }') +
      secret('ca', `ca.crt: ${CANARY}`),
    want: 'bad-configuration',
    severity: 'error',
    message: /failed to parse CA certificate/,
    hint: /Mend the Secret that spec\.certSecretRef names/,
  },
  {
    name: 'a Secret for the proxy without an address',
    in:
      ALERT +
      provider('hook', 'type: generic\naddress: https://a.example.com\n▸proxySecretRef: { name: proxy }') +
      secret('proxy', `password: ${CANARY}`),
    want: 'bad-configuration',
    severity: 'error',
    message: /secret 'apps\/proxy': key 'address' not found/,
    hint: /spec\.proxySecretRef/,
  },
  {
    name: 'a header that cannot be sent',
    in:
      ALERT +
      provider('hook', 'type: generic\naddress: https://a.example.com\n▸secretRef: { name: hook }') +
      secret('hook', `headers: "X Team: ${CANARY}"`),
    want: 'bad-configuration',
    severity: 'error',
    message: /a header has a name that is not valid/,
    hint: /Mend the Secret/,
  },
]);
