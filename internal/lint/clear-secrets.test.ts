// Credentials in clear. A ▸ in a manifest marks the place that the finding names.
import { ALERT, alert, ALL, CANARY, HOOK, provider, testBroken, testClean, TO_HOOK } from '../../test/support/lint-folders.ts';

testBroken([
  {
    name: 'a webhook of a chat in clear',
    in: ALERT + provider('hook', `type: slack\n▸address: https://hooks.slack.com/services/T0/B0/${CANARY}`),
    want: 'clear-secret',
    severity: 'warning',
    message: /the address of a webhook is a credential and stands in clear/,
    hint: /key address of a Secret and name that in spec\.secretRef; then replace the credential/,
  },
  {
    name: 'a password in an address',
    in: ALERT + provider('hook', `type: generic\n▸address: https://user:${CANARY}@a.example.com/x`),
    want: 'clear-secret',
    severity: 'warning',
    message: /the address holds a user name or password/,
    hint: /spec\.secretRef/,
  },
  {
    name: 'a token in a query',
    in: ALERT + provider('hook', `type: generic\n▸address: https://a.example.com/x?access_token=${CANARY}`),
    want: 'clear-secret',
    severity: 'warning',
    message: /a credential in its query/,
    hint: /spec\.secretRef/,
  },
  {
    name: 'a token in the metadata of an Alert',
    in: HOOK + alert('all', `${TO_HOOK}\n${ALL}\neventMetadata: { ▸token: "ghp_${CANARY}" }`),
    want: 'clear-secret',
    severity: 'warning',
    message: /looks like a token or a key/,
    hint: /Put it into a Secret/,
  },
]);

testClean([
  {
    name: 'the API of Slack',
    in: ALERT + provider('hook', 'type: slack\naddress: https://slack.com/api/chat.postMessage\nchannel: general'),
  },
]);
