// Keys of Secrets. A ▸ in a manifest marks the place that the finding names.
import { ALERT, alert, ALL, CANARY, object, provider, secret, testBroken, testClean } from '../../test/support/lint-folders.ts';

testBroken([
  {
    name: 'a key that the type needs under another name',
    in:
      ALERT +
      provider('hook', 'type: generic-hmac\naddress: https://a.example.com\n▸secretRef: { name: hook }') +
      secret('hook', `Token: ${CANARY}`),
    want: 'secret-keys',
    severity: 'error',
    message: /the Secret apps\/hook \(.* line 17\) has no key token/,
    hint: /Rename its key Token to token/,
  },
  {
    name: 'the same although the Secret is encrypted',
    in:
      ALERT +
      provider('hook', 'type: generic-hmac\naddress: https://a.example.com\n▸secretRef: { name: hook }') +
      secret('hook', 'key: ENC[AES256_GCM,data:x]'),
    want: 'secret-keys',
    severity: 'error',
    message: /has no key token/,
    hint: /Add it: The key of the signature/,
  },
  {
    name: 'a key that is misspelt',
    in:
      ALERT +
      provider('hook', 'type: generic\naddress: https://a.example.com\nsecretRef: { name: hook }') +
      secret('hook', '▸header: "A: b"'),
    want: 'secret-keys',
    severity: 'warning',
    message: /the type generic reads no key header/,
    hint: /Did you mean headers\?/,
  },
  {
    name: 'a Secret of which nothing is read',
    in:
      ALERT +
      provider('hook', 'type: generic\naddress: https://a.example.com\n▸secretRef: { name: hook }') +
      secret('hook', `webhook-url: ${CANARY}`),
    want: 'secret-keys',
    severity: 'warning',
    message: /none of the keys that the type generic reads/,
    hint: /It reads address, headers/,
  },
  {
    name: 'a token with a line break behind it',
    in:
      ALERT +
      provider('hook', 'type: generic-hmac\naddress: https://a.example.com\nsecretRef: { name: hook }') +
      object('Secret', 'hook', `data:\n  ▸token: ${Buffer.from(`${CANARY}\n`).toString('base64')}`, { version: 'v1' }),
    want: 'secret-keys',
    severity: 'warning',
    message: /ends with a line break/,
    hint: /printf/,
  },
  {
    name: 'half of a pair',
    in:
      ALERT +
      provider('hook', 'type: slack\naddress: https://a.example.com\nsecretRef: { name: hook }') +
      secret('hook', `token: x\n▸password: ${CANARY}`),
    want: 'inconsistent-secret',
    severity: 'warning',
    message: /password but no username, so neither is used/,
    hint: /Add username, or remove password/,
  },
  {
    name: 'half of a pair where nothing else is there',
    in:
      alert('all', `providerRef: { name: git }\n${ALL}`) +
      provider('git', 'type: github\naddress: https://github.com/a/b\nsecretRef: { name: git }') +
      secret('git', `▸password: ${CANARY}`),
    want: 'inconsistent-secret',
    severity: 'error',
    message: /so the Provider cannot be used/,
    hint: /Add username/,
  },
  {
    name: 'an App without an installation',
    in:
      alert('all', `providerRef: { name: git }\n${ALL}`) +
      provider('git', 'type: github\naddress: https://github.com/a/b\nsecretRef: { name: git }') +
      secret('git', `▸githubAppID: "1"\ngithubAppPrivateKey: ${CANARY}`),
    want: 'inconsistent-secret',
    severity: 'error',
    message: /GitHub App without an installation/,
    hint: /Add githubAppInstallationID or githubAppInstallationOwner/,
  },
  {
    name: 'an incomplete App beside a token that is used',
    in:
      ALERT +
      provider('hook', 'type: slack\naddress: https://a.example.com\nsecretRef: { name: hook }') +
      secret('hook', `token: x\n▸githubAppID: "1"`),
    want: 'inconsistent-secret',
    severity: 'warning',
    message: /GitHub App without githubAppPrivateKey/,
    hint: /Add githubAppPrivateKey/,
  },
  {
    name: 'certificates that are none, in a Secret of which only the token is read',
    in:
      ALERT +
      provider('hook', 'type: slack\naddress: https://a.example.com\nsecretRef: { name: hook }') +
      secret('hook', `token: x\n▸ca.crt: ${CANARY}`),
    want: 'inconsistent-secret',
    severity: 'warning',
    message: /certificates of the Secret cannot be read/,
    hint: /spec\.certSecretRef/,
  },
  {
    name: 'a certificate without its key',
    in:
      alert('all', `providerRef: { name: git }\n${ALL}`) +
      provider('git', 'type: github\naddress: https://github.com/a/b\nsecretRef: { name: git }') +
      secret('git', 'token: x\n▸tls.crt: pem'),
    want: 'inconsistent-secret',
    severity: 'warning',
    message: /tls\.crt but no tls\.key/,
    hint: /Add tls\.key/,
  },
  {
    name: 'a key with an older name',
    in:
      alert('all', `providerRef: { name: git }\n${ALL}`) +
      provider('git', 'type: generic\naddress: https://a.example.com\nsecretRef: { name: git }') +
      secret('git', 'headers: "A: b"\n▸proxy: http://proxy.example.com'),
    want: 'deprecated-field',
    severity: 'warning',
    message: /the key proxy is deprecated/,
    hint: /spec\.proxySecretRef/,
  },
]);

testClean([
  {
    name: 'an encrypted Secret with the right keys',
    in: ALERT + provider('hook', 'type: slack\nsecretRef: { name: slack }') + secret('slack', 'address: ENC[AES256_GCM,data:x]'),
  },
]);
