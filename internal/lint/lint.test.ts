// Broken folders, each with what lint says of it. A ▸ in a manifest marks the place that the finding names.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { after, test } from 'node:test';
import * as fc from 'fast-check';
import { catalog } from '../catalog/catalog.ts';
import { readFolder } from '../config/directory/read-folder.ts';
import { createFluxDialect } from '../dialects/flux/dialect.ts';
import type { Redactor } from '../sdk/transport.ts';
import { createRedactor } from '../telemetry/redactor.ts';
import type { LintFinding, RuleId } from './finding.ts';
import { lintFolder } from './lint.ts';

const root = mkdtempSync(join(tmpdir(), 'tocsin-lint-'));
after(() => rmSync(root, { recursive: true, force: true }));

const GROUP = 'notification.toolkit.fluxcd.io';
const CANARY = 'canary4Value8Of1Secret';

function object(kind: string, name: string, spec: string, { namespace = 'apps', version = `${GROUP}/v1beta3` } = {}): string {
  return `---\napiVersion: ${version}\nkind: ${kind}\nmetadata: { name: ${name}, namespace: ${namespace} }\n${spec}\n`;
}

const alert = (name: string, spec: string, namespace?: string): string =>
  object('Alert', name, `spec:\n${indent(spec)}`, namespace ? { namespace } : {});
const provider = (name: string, spec: string, namespace?: string): string =>
  object('Provider', name, `spec:\n${indent(spec)}`, namespace ? { namespace } : {});
const secret = (name: string, values: string, namespace?: string): string =>
  object('Secret', name, `stringData:\n${indent(values)}`, { version: 'v1', ...(namespace ? { namespace } : {}) });
const kustomization = (name: string, namespace = 'apps', labels = '{}'): string =>
  `---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: ${name}, namespace: ${namespace}, labels: ${labels} }\n`;

function indent(text: string): string {
  return text
    .trim()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}

const TO_HOOK = 'providerRef: { name: hook }';
const ALL = 'eventSources: [{ kind: Kustomization, name: "*" }]';
const HOOK = provider('hook', 'type: generic\naddress: https://hooks.example.com/flux');
const ALERT = alert('all', `${TO_HOOK}\n${ALL}`);

/** A Provider of commit statuses with one annotation. */
const annotated = (annotation: string): string =>
  provider('hook', 'type: github\naddress: https://github.com/example/fleet\nsecretRef: { name: git }').replace(
    'metadata: { name: hook, namespace: apps }',
    `metadata:\n  name: hook\n  namespace: apps\n  annotations:\n    ${annotation}`,
  );

interface Case {
  readonly name: string;
  /** One file, or several by path. */
  readonly in: string | Readonly<Record<string, string>>;
  readonly want: RuleId;
  readonly severity: 'error' | 'warning';
  readonly message: RegExp;
  readonly hint: RegExp;
  /** What the same mistake also leads to. */
  readonly also?: readonly RuleId[];
}

const BROKEN: readonly Case[] = [
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
];

test('every broken folder gets its finding, at its place, with a hint', async (t) => {
  assert.ok(BROKEN.length >= 40);
  for (const broken of BROKEN) {
    await t.test(broken.name, async () => {
      const files = typeof broken.in === 'string' ? { 'all.yaml': broken.in } : broken.in;

      const findings = await lintFiles(files);

      const all = JSON.stringify(findings, null, 1);
      assert.deepEqual(findings.map(({ rule }) => rule).toSorted(), [broken.want, ...(broken.also ?? [])].toSorted(), all);
      const finding = findings.find(({ rule }) => rule === broken.want);
      assert.equal(finding?.severity, broken.severity, all);
      assert.match(finding.message, broken.message);
      assert.match(finding.hint, broken.hint);
      assert.deepEqual({ file: finding.file, line: finding.line, column: finding.column }, placeOfMark(files), all);
      assert.ok(!all.includes(CANARY) && !all.includes(Buffer.from(CANARY).toString('base64')), 'no value of a Secret is shown');
    });
  }
});

const CLEAN: readonly { readonly name: string; readonly in: string }[] = [
  {
    name: 'a link that something else fills in before it is applied',
    in: ALERT + annotated('tocsin.dev/target-url: \'"https://" + ${console}\'') + secret('git', 'token: x'),
  },
  { name: 'an Alert and its Provider', in: HOOK + ALERT },
  {
    name: 'a Secret that an operator makes',
    in:
      ALERT +
      provider('hook', 'type: slack\nsecretRef: { name: slack }') +
      object('ExternalSecret', 'any', 'spec: { target: { name: slack } }', { version: 'external-secrets.io/v1' }),
  },
  {
    name: 'an encrypted Secret with the right keys',
    in: ALERT + provider('hook', 'type: slack\nsecretRef: { name: slack }') + secret('slack', 'address: ENC[AES256_GCM,data:x]'),
  },
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
  {
    name: 'the API of Slack',
    in: ALERT + provider('hook', 'type: slack\naddress: https://slack.com/api/chat.postMessage\nchannel: general'),
  },
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
  {
    name: 'an inclusion that an exclusion only narrows',
    in: HOOK + alert('all', `${TO_HOOK}\n${ALL}\ninclusionList: [failed]\nexclusionList: ["^health check failed"]`),
  },
];

test('what is right is left alone', async (t) => {
  for (const clean of CLEAN) {
    await t.test(clean.name, async () => {
      assert.deepEqual(await lintFiles({ 'all.yaml': clean.in }), []);
    });
  }
});

test('a path without Alerts and Providers does not pass as clean', async () => {
  const [finding] = await lintFiles({ 'values.yaml': 'a: 1\n' });

  assert.equal(finding?.rule, 'nothing-to-check');
});

test('the samples are clean', async () => {
  const folder = await read([join(import.meta.dirname, '..', '..', 'manifests', 'samples')]);

  assert.deepEqual(await lintFolder(folder, createRedactor()), []);
});

test('the examples of every type are clean', async () => {
  const text = catalog.types.flatMap((type) =>
    (catalog.get(type)?.examples ?? []).map((example, number) => {
      const name = `${type.replaceAll('.', '-')}-${number}`;
      const ref = example.secret === undefined ? {} : { secretRef: { name } };
      const manifests = [
        { apiVersion: `${GROUP}/v1beta3`, kind: 'Provider', metadata: { name, namespace: name }, spec: { ...example.spec, ...ref } },
        ...(example.secret === undefined
          ? []
          : [{ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: name }, stringData: example.secret }]),
      ];
      return manifests.map((manifest) => `---\n${JSON.stringify(manifest)}\n`).join('');
    }),
  );

  const findings = await lintFiles({ 'examples.yaml': text.join('') });

  const errors = findings.filter(({ severity, message }) => severity === 'error' && !/private.key/.test(message));
  assert.deepEqual(errors, []);
});

test('random documents never throw', async () => {
  const key = fc.constantFrom(
    'apiVersion',
    'kind',
    'metadata',
    'spec',
    'name',
    'namespace',
    'type',
    'address',
    'providerRef',
    'eventSources',
    'secretRef',
    'data',
    'stringData',
    'token',
    '__proto__',
  );
  const scalar = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom(
      'Alert',
      'Provider',
      'Secret',
      'v1',
      `${GROUP}/v1beta3`,
      'generic',
      'slack',
      '*',
      '${x}',
      'https://%zz',
      '(',
      'a|b',
      '\\Q',
      '[',
      '(?i',
    ),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
  );
  const anything = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, scalar, fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(key, tie('value'), { maxKeys: 6 })),
  })).value;
  const manifest = fc.record({
    apiVersion: scalar,
    kind: scalar,
    metadata: fc.oneof(anything, fc.record({ name: scalar, namespace: scalar })),
    spec: anything,
    stringData: anything,
  });
  const shaped = fc.record({
    apiVersion: fc.constant(`${GROUP}/v1beta3`),
    kind: fc.constantFrom('Alert', 'Provider'),
    metadata: fc.constant({ name: 'hook', namespace: 'apps' }),
    spec: fc.record({
      type: fc.constantFrom(...catalog.types),
      address: fc.string({ unit: 'binary', maxLength: 40 }),
      providerRef: fc.constant({ name: 'hook' }),
      eventSources: fc.array(fc.record({ kind: fc.constant('Alert'), name: fc.string({ minLength: 1, maxLength: 5 }) }), { maxLength: 3 }),
      inclusionList: fc.array(fc.string({ maxLength: 8 }), { maxLength: 3 }),
      exclusionList: fc.array(fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('.*', '(?i)a', '\\Qa|b', 'a|', '[]a]', '(a|b)*c{2}')), {
        maxLength: 3,
      }),
    }),
  });

  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(manifest, shaped), { maxLength: 5 }), async (documents) => {
      const findings = await lintFiles({ 'a.yaml': documents.map((document) => `---\n${JSON.stringify(document)}\n`).join('') });

      for (const { line, message, hint } of findings) assert.ok(line >= 0 && message !== '' && hint !== '');
    }),
    { numRuns: 150 },
  );
});

test('the work grows with the number of manifests, not faster', async () => {
  const few = await fastest(250);
  const many = await fastest(1_000);

  // Four times the manifests; the rest is room for a busy machine.
  assert.ok(many < 4 * few * 4, `250 take ${few} ms, 1000 take ${many} ms`);
  assert.ok(many < 8_000, `1000 take ${many} ms`);
});

/** Alerts that all go to one place are the worst case for the search of overlaps; half of them here do. */
async function fastest(manifests: number): Promise<number> {
  const text = Array.from({ length: manifests / 4 }, (_, number) => {
    const namespace = number % 2 === 0 ? 'apps' : `team-${number}`;
    const source = `eventSources: [{ kind: Kustomization, name: "*" }]\nexclusionList: ["waiting ${number}"]`;
    return (
      provider(`hook-${number}`, 'type: slack\nsecretRef: { name: slack }', namespace) +
      secret('slack', `address: https://hooks.slack.com/services/${number % 2 === 0 ? 0 : number}`, namespace).replace(
        'name: slack',
        number % 2 === 0 && number > 0 ? `name: slack-${number}` : 'name: slack',
      ) +
      kustomization(`web-${number}`, namespace) +
      alert(`all-${number}`, `providerRef: { name: hook-${number} }\n${source}`, namespace)
    );
  }).join('');
  const path = write({ 'many.yaml': text });
  let fastestMs = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 3; run += 1) {
    const startMs = performance.now();
    const findings = await lintFolder(await read([path]), createRedactor());
    fastestMs = Math.min(fastestMs, performance.now() - startMs);
    assert.ok(findings.length >= manifests / 8 - 2 && findings.length < manifests, `${findings.length} findings`);
  }
  return fastestMs;
}

test('what a type says in a refusal is redacted', async () => {
  const added: string[] = [];
  const redactor: Redactor = { add: (value) => added.push(value), redact: (text) => text };
  const path = write({ 'a.yaml': provider('hook', 'type: slack\nsecretRef: { name: hook }') + secret('hook', `address: ${CANARY}`) });

  await lintFolder(await read([path]), redactor);

  assert.ok(added.includes(CANARY), 'the redactor knows the value before the type sees it');
});

function read(paths: readonly string[]) {
  return readFolder({ paths, dialect: createFluxDialect({ catalog }), monotonicMs: () => performance.now() });
}

/** Marks are taken out before the files are written. */
async function lintFiles(files: Readonly<Record<string, string>>): Promise<readonly LintFinding[]> {
  const path = write(files);
  const findings = await lintFolder(await read([path]), createRedactor());
  return findings.map((finding) => ({ ...finding, file: relative(path, finding.file) }));
}

function write(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(root, 'folder-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text.replaceAll('▸', ''));
  }
  return path;
}

function placeOfMark(files: Readonly<Record<string, string>>): { file: string; line: number; column: number } {
  for (const [file, text] of Object.entries(files)) {
    const lines = text.slice(0, Math.max(0, text.indexOf('▸'))).split('\n');
    if (text.includes('▸')) return { file, line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
  }
  throw new Error('the case marks no place');
}
