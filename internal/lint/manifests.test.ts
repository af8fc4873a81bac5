// What reading a folder finds in its manifests, as lint tells it. A ▸ in a manifest marks the place that the finding names.
import {
  ALERT,
  alert,
  ALL,
  annotated,
  GROUP,
  HOOK,
  kustomization,
  object,
  provider,
  secret,
  testBroken,
  testClean,
  TO_HOOK,
} from '../../test/support/lint-folders.ts';

/** Two of them have nothing in common but what they lack. */
const NAMELESS = HOOK.replace('name: hook, ', '');

testBroken([
  {
    name: 'a line that is indented wrongly',
    in: `${HOOK}---\nkind: ▸Alert\n  metadata: {}\n`,
    want: 'syntax',
    severity: 'error',
    message: /a mapping begins where a plain value is expected/,
    hint: /in quotes/,
  },
  {
    name: 'a template that was not rendered',
    in: `${HOOK}---\nkind: Alert\nmetadata: {▸{ include "x" . }}\n`,
    want: 'syntax',
    severity: 'error',
    message: /not valid YAML/,
    hint: /helm template/,
  },
  {
    name: 'a required field is missing',
    in: HOOK + alert('all', TO_HOOK).replace('spec:', '▸spec:'),
    want: 'schema',
    severity: 'error',
    message: /spec\.eventSources is required/,
    hint: /Add spec\.eventSources/,
  },
  {
    name: 'a value that is not in the list',
    in: HOOK + alert('all', `${TO_HOOK}\n▸eventSeverity: errors\n${ALL}`),
    want: 'schema',
    severity: 'error',
    message: /cannot be "errors"/,
    hint: /Did you mean error\?/,
  },
  {
    name: 'a text where true or false belongs',
    in: HOOK + alert('all', `${TO_HOOK}\n▸suspend: "yes"\n${ALL}`),
    want: 'schema',
    severity: 'error',
    message: /must be true or false, not a string/,
    hint: /without quotes/,
  },
  {
    name: 'a type that does not exist',
    in: provider('hook', '▸type: generik\naddress: https://hooks.example.com') + ALERT,
    want: 'schema',
    severity: 'error',
    message: /no known Provider type/,
    hint: /Did you mean generic\?/,
  },
  {
    name: 'an expression for a type without commit statuses',
    in: ALERT + provider('hook', 'type: generic\naddress: https://hooks.example.com\n▸commitStatusExpr: "\'x\'"'),
    want: 'schema',
    severity: 'error',
    message: /commitStatusExpr is only supported/,
    hint: /Remove it/,
  },
  {
    name: 'a group that is mistyped',
    in: `${HOOK}---\n▸apiVersion: notification.toolkit.fluxcd.oi/v1beta3\nkind: Alert\nmetadata: { name: a }\n`,
    want: 'schema',
    severity: 'error',
    message: /is unknown/,
    hint: /Write notification\.toolkit\.fluxcd\.io\/v1beta3/,
  },
  {
    name: 'a name that no object can have',
    in: HOOK + ALERT.replace('{ name: all', '{ ▸name: All_of_it'),
    want: 'schema',
    severity: 'error',
    message: /metadata\.name is not a valid name/,
    hint: /lower-case/,
  },
  {
    name: 'two definitions of one object',
    in: { 'a.yaml': HOOK + ALERT, 'b.yaml': HOOK.replace('apiVersion', '▸apiVersion') },
    want: 'duplicate-object',
    severity: 'error',
    message: /Provider\/apps\/hook is already defined in .*a\.yaml line 2/,
    hint: /Remove one/,
  },
  {
    name: 'two objects without a name',
    in: HOOK + ALERT + NAMELESS.replace('metadata', '▸metadata') + NAMELESS,
    want: 'schema',
    also: ['schema'],
    severity: 'error',
    message: /metadata\.name is required/,
    hint: /Add metadata\.name/,
  },
  {
    name: 'a field that does not exist',
    in: HOOK + alert('all', `${TO_HOOK}\n${ALL}\n▸exclusionLists: [x]`),
    want: 'unknown-field',
    severity: 'warning',
    message: /spec\.exclusionLists is not a field/,
    hint: /Did you mean exclusionList\?/,
  },
  {
    name: 'a field of an entry that does not exist',
    in: HOOK + alert('all', `${TO_HOOK}\neventSources:\n  - kind: Kustomization\n    name: "*"\n    ▸matchLabel: { a: b }`),
    want: 'unknown-field',
    severity: 'warning',
    message: /eventSources\[0\]\.matchLabel is not a field/,
    hint: /Did you mean matchLabels\?/,
  },
  {
    name: 'a field that the type does not read',
    in: ALERT + provider('hook', 'type: generic\naddress: https://hooks.example.com\n▸channel: general'),
    want: 'ignored-field',
    severity: 'warning',
    message: /spec\.channel is not used by the type "generic"/,
    hint: /Remove it/,
  },
  {
    name: 'certificates for an address without TLS',
    in:
      ALERT +
      provider('hook', 'type: generic\naddress: http://a.example.com\n▸certSecretRef: { name: made }') +
      object('Certificate', 'made', 'spec: { secretName: made }', { version: 'cert-manager.io/v1' }),
    want: 'ignored-field',
    severity: 'warning',
    message: /spec\.certSecretRef has no effect/,
    hint: /Use an https address/,
  },
  {
    name: 'a summary in the old place',
    in: HOOK + alert('all', `${TO_HOOK}\n${ALL}\n▸summary: everything`),
    want: 'deprecated-field',
    severity: 'warning',
    message: /spec\.summary is deprecated/,
    hint: /eventMetadata\.summary/,
  },
  {
    name: 'a proxy in the old place',
    in: ALERT + provider('hook', 'type: generic\naddress: https://hooks.example.com\n▸proxy: http://proxy.example.com:3128'),
    want: 'deprecated-field',
    severity: 'warning',
    message: /spec\.proxy is deprecated/,
    hint: /spec\.proxySecretRef/,
  },
  {
    name: 'a version that was removed',
    in: HOOK + ALERT.replace(`apiVersion: ${GROUP}/v1beta3`, `▸apiVersion: ${GROUP}/v1beta1`),
    want: 'deprecated-field',
    severity: 'warning',
    message: /v1beta1 is deprecated/,
    hint: /v1beta3/,
  },
  {
    name: 'an expression with look-ahead',
    in: HOOK + alert('all', `${TO_HOOK}\n${ALL}\nexclusionList:\n  - ▸"(?!ok)"`),
    want: 'bad-pattern',
    severity: 'error',
    message: /not a valid RE2 expression, so it excludes nothing/,
    hint: /look-around/,
  },
  {
    name: 'a bracket that is not closed',
    in: HOOK + alert('all', `${TO_HOOK}\n${ALL}\ninclusionList: [▸"error(", ".*ok"]`),
    want: 'bad-pattern',
    severity: 'error',
    message: /so it matches nothing/,
    hint: /Mend "error\("/,
  },
  {
    name: 'CEL that names an unknown variable',
    in:
      alert('all', `providerRef: { name: git }\n${ALL}`) +
      provider(
        'git',
        'type: github\naddress: https://github.com/example/fleet\n▸commitStatusExpr: "evnt.reason"\nsecretRef: { name: git }',
      ) +
      secret('git', 'token: x'),
    want: 'bad-expression',
    severity: 'error',
    message: /undeclared reference to 'evnt'/,
    hint: /CEL over event, alert and provider/,
  },
  {
    name: 'a link that is no text',
    in: ALERT + annotated('▸tocsin.dev/target-url: event.involvedObject.name') + secret('git', 'token: x'),
    want: 'bad-expression',
    severity: 'error',
    message: /the annotation tocsin\.dev\/target-url does not compile: .*expected string, got dyn/,
    hint: /CEL over event, alert and provider/,
  },
  {
    name: 'an annotation with a value that means nothing',
    in: ALERT + annotated('▸tocsin.dev/aggregate: "true"') + secret('git', 'token: x'),
    want: 'ignored-field',
    severity: 'warning',
    message: /the annotation tocsin\.dev\/aggregate has no effect, because its value is "true"/,
    hint: /Write enabled or only/,
  },
  {
    name: 'a kind that is misspelt',
    in: HOOK + alert('all', `${TO_HOOK}\neventSources: [{ ▸kind: Kustomisation, name: "*" }]`),
    want: 'unknown-kind',
    severity: 'warning',
    message: /no kind that Flux reports on/,
    hint: /Did you mean Kustomization\?/,
  },
  {
    name: 'a kind in lower case',
    in: HOOK + alert('all', `${TO_HOOK}\neventSources: [{ ▸kind: kustomization, name: "*" }]`),
    want: 'schema',
    severity: 'error',
    message: /a kind is one word that starts with an upper-case letter/,
    hint: /Did you mean Kustomization\?/,
  },
  {
    name: 'base64 that is none',
    in: `${HOOK}${ALERT}${object('Secret', 'x', 'data:\n  ▸token: "no base64!"', { version: 'v1' })}`,
    want: 'schema',
    severity: 'error',
    message: /data\.token is not base64/,
    hint: /stringData/,
  },
  {
    name: 'a List, of which one item is wrong',
    in: `${HOOK}---\napiVersion: v1\nkind: List\nitems:\n- apiVersion: ${GROUP}/v1beta3\n  kind: Alert\n  metadata: { name: a, namespace: apps }\n  spec:\n    providerRef: { ▸name: hok }\n    ${ALL}\n`,
    want: 'missing-provider',
    severity: 'error',
    message: /no Provider hok/,
    hint: /Did you mean hook\?/,
  },
  {
    name: 'a fault in JSON',
    in: {
      'hook.yaml': HOOK,
      'alert.json': `{"apiVersion": "${GROUP}/v1beta3", "kind": "Alert",\n "metadata": {"name": "a", "namespace": "apps"},\n "spec": {"providerRef": {▸"name": "hok"},\n  "eventSources": [{"kind": "Kustomization", "name": "*"}]}}`,
    },
    want: 'missing-provider',
    severity: 'error',
    message: /no Provider hok/,
    hint: /Did you mean hook\?/,
  },
]);

testClean([
  {
    name: 'a link that something else fills in before it is applied',
    in: ALERT + annotated('tocsin.dev/target-url: \'"https://" + ${console}\'') + secret('git', 'token: x'),
  },
  { name: 'an Alert and its Provider', in: HOOK + ALERT },
  {
    name: 'variables that Flux fills in',
    in:
      ALERT.replace('name: all', 'name: "${team}-all"').replace('spec:', 'spec:\n  eventSeverity: ${severity}') +
      kustomization('web') +
      provider('hook', 'type: generic\naddress: https://${domain}/flux') +
      alert('all', `${TO_HOOK}\neventSources: [{ kind: Kustomization, name: "\${name}", namespace: "\${space}" }]`),
  },
  {
    name: "Kustomize's own file",
    in: `${HOOK}${ALERT}---\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nmetadata: { name: x, namespace: y }\n`,
  },
]);
