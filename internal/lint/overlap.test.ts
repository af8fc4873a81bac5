// Alerts that send the same twice. A ▸ in a manifest marks the place that the finding names.
import { ALERT, alert, ALL, HOOK, provider, secret, testBroken, testClean, TO_HOOK } from '../../test/support/lint-folders.ts';

testBroken([
  {
    name: 'two Alerts for one object',
    in: HOOK + ALERT + alert('web', `${TO_HOOK}\neventSeverity: error\neventSources: [▸{ kind: Kustomization, name: web }]`),
    want: 'overlapping-alerts',
    severity: 'warning',
    message: /errors of Kustomization web in apps are also sent by Alert\/apps\/all \(.* line 9\) to the same Provider/,
    hint: /narrower/,
  },
  {
    name: 'two Providers for one place',
    in:
      HOOK +
      ALERT +
      provider('hook-two', 'type: generic\naddress: https://hooks.example.com/flux') +
      alert(
        'two',
        `providerRef: { name: hook-two }\neventSources:\n  - { kind: HelmRelease, name: "*" }\n  - ▸{ kind: Kustomization, name: "*" }`,
      ),
    want: 'overlapping-alerts',
    severity: 'warning',
    message: /to the same place, by the Provider hook, so they arrive twice/,
    hint: /narrower/,
  },
]);

testClean([
  {
    name: 'what is excluded here is sent there',
    in:
      HOOK +
      alert('one', `${TO_HOOK}\n${ALL}\nexclusionList: ["health check failed"]`) +
      alert('two', `${TO_HOOK}\n${ALL}\ninclusionList: ["^health check failed"]`),
  },
  {
    name: 'different severities may not be told apart, different labels may',
    in:
      HOOK +
      alert('one', `${TO_HOOK}\neventSources: [{ kind: Kustomization, name: "*", matchLabels: { team: a } }]`) +
      alert('two', `${TO_HOOK}\neventSources: [{ kind: Kustomization, name: "*", matchLabels: { team: b } }]`),
  },
  {
    name: 'the same commit status twice is one',
    in:
      ['one', 'two'].map((name) => alert(name, `providerRef: { name: git }\n${ALL}`)).join('') +
      provider('git', 'type: github\naddress: https://github.com/example/a-repository-2024-With-Name\nsecretRef: { name: git }') +
      secret('git', 'username: git\npassword: x\nidentity: pem\nknown_hosts: z'),
  },
  {
    name: 'suspended Alerts disturb nobody',
    in: HOOK + ALERT + ALERT.replace('name: all', 'name: other').replace('spec:', 'spec:\n  suspend: true'),
  },
]);
