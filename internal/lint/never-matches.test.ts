// Alerts that match nothing. A ▸ in a manifest marks the place that the finding names.
import { alert, ALL, HOOK, kustomization, testBroken, testClean, TO_HOOK } from '../../test/support/lint-folders.ts';

testBroken([
  {
    name: 'a namespace without such objects',
    in:
      HOOK +
      kustomization('web', 'frontend') +
      alert('all', `${TO_HOOK}\neventSources: [{ kind: Kustomization, name: "*", ▸namespace: frontent }]`),
    want: 'never-matches',
    severity: 'warning',
    message: /no Kustomization in the namespace frontent; there are some in frontend/,
    hint: /Did you mean frontend\?/,
  },
  {
    name: 'the own namespace, which is implied, without such objects',
    in: HOOK + kustomization('web', 'flux-system') + alert('all', `${TO_HOOK}\neventSources: [▸{ kind: Kustomization, name: "*" }]`),
    want: 'never-matches',
    severity: 'warning',
    message: /no Kustomization in the namespace apps/,
    hint: /Did you mean flux-system\? Without a namespace an entry means the Alert's own/,
  },
  {
    name: 'a name that no object has',
    in: HOOK + kustomization('webapp') + alert('all', `${TO_HOOK}\neventSources: [{ kind: Kustomization, ▸name: webap }]`),
    want: 'never-matches',
    severity: 'warning',
    message: /no Kustomization webap in the namespace apps/,
    hint: /Did you mean webapp\?/,
  },
  {
    name: 'a name that is in another namespace',
    in:
      HOOK +
      kustomization('api') +
      kustomization('db', 'data') +
      alert('all', `${TO_HOOK}\neventSources: [{ kind: Kustomization, ▸name: db }]`),
    want: 'never-matches',
    severity: 'warning',
    message: /no Kustomization db in the namespace apps/,
    hint: /It is in data: name that namespace/,
  },
  {
    name: 'a wildcard inside of a name',
    in: HOOK + alert('all', `${TO_HOOK}\neventSources: [{ kind: Kustomization, ▸name: "web-*" }]`),
    want: 'never-matches',
    severity: 'error',
    message: /no object can be called like this/,
    hint: /Only \* alone/,
  },
  {
    name: 'a wildcard for namespaces',
    in: HOOK + alert('all', `${TO_HOOK}\neventSources: [{ kind: Kustomization, name: "*", ▸namespace: "*" }]`),
    want: 'never-matches',
    severity: 'error',
    message: /no namespace can be called like this/,
    hint: /add an entry for each namespace/,
  },
  {
    name: 'labels that no object carries',
    in:
      HOOK +
      kustomization('web', 'apps', '{ team: shop }') +
      alert('all', `${TO_HOOK}\neventSources: [{ kind: Kustomization, name: "*", ▸matchLabels: { team: shpo } }]`),
    want: 'never-matches',
    severity: 'warning',
    message: /no Kustomization in the namespace apps carries these labels/,
    hint: /Objects there have team: shop/,
  },
  {
    name: 'an exclusion list that covers the inclusion list',
    in: HOOK + alert('all', `${TO_HOOK}\n${ALL}\ninclusionList: [▸"^health check failed.*"]\nexclusionList: ["health check"]`),
    want: 'never-matches',
    severity: 'error',
    message: /exclusionList\[0\] excludes whatever spec\.inclusionList\[0\] includes, so the Alert matches nothing/,
    hint: /make one of the two narrower/,
  },
  {
    name: 'an exclusion of everything',
    in: HOOK + alert('all', `${TO_HOOK}\n${ALL}\nexclusionList: [waiting, ▸".*"]`),
    want: 'never-matches',
    severity: 'error',
    message: /exclusionList\[1\] matches every message/,
    hint: /Remove it/,
  },
  {
    name: 'no sources',
    in: HOOK + alert('all', `${TO_HOOK}\n▸eventSources: []`),
    want: 'never-matches',
    severity: 'warning',
    message: /is empty, so this Alert matches nothing/,
    hint: /Add the kind and the name/,
  },
]);

testClean([
  {
    name: 'an inclusion that an exclusion only narrows',
    in: HOOK + alert('all', `${TO_HOOK}\n${ALL}\ninclusionList: [failed]\nexclusionList: ["^health check failed"]`),
  },
]);
