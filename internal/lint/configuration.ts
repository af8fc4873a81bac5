// What the type of a Provider says of its configuration, put to the fields that a person can mend.
import type { FolderObject } from '../config/directory/read-folder.ts';
import { SECRET_FIELDS } from '../config/secret-names.ts';
import type { SecretData } from '../credentials/source.ts';
import type { Target } from '../routing/route.ts';
import type { ProviderDefinition } from '../sdk/provider.ts';
import type { Redactor } from '../sdk/transport.ts';
import { findingAt, isTemplated, type LintFinding, type Path } from './finding.ts';
import type { FolderIndex } from './folder-index.ts';
import { createResolveAlone, type Part, rehearse, type RehearsalInput } from './rehearsal.ts';
import { findDeprecatedKeys, findSecretFaults, pathOf, type SecretView, viewSecret } from './secret-keys.ts';

/** What is wrong with Providers, and where each one sends to. */
export interface ConfigurationResult {
  readonly findings: readonly LintFinding[];
  /** By a Target's key: where it sends to. Absent where a repeated event does no harm. */
  readonly places: ReadonlyMap<string, string>;
}

type Tools = Pick<RehearsalInput, 'redactor' | 'resolve'>;
type Views = Readonly<Partial<Record<(typeof SECRET_FIELDS)[number], SecretView>>>;

/** Checks Secrets, addresses and all else that the types of the Providers look at. */
export async function checkConfigurations(index: FolderIndex, redactor: Redactor): Promise<ConfigurationResult> {
  const findings: LintFinding[] = [];
  const places = new Map<string, string>();
  const deprecated = new Set<FolderObject>();
  const tools = { redactor, resolve: createResolveAlone(redactor) };
  for (const provider of index.providers) {
    const { target } = provider;
    if (target === null || target.definition === null) continue;
    const views = viewSecrets(index, provider, target);
    for (const view of Object.values(views)) {
      if (!deprecated.has(view.object)) findings.push(...findDeprecatedKeys(view));
      deprecated.add(view.object);
    }
    const { place, found } = await checkProvider(provider, target, target.definition, views, tools);
    findings.push(...found);
    if (target.definition.capabilities.idempotency !== 'natural') places.set(target.key, place);
  }
  return { findings: withoutRepeats(findings), places };
}

function viewSecrets(index: FolderIndex, { namespace }: FolderObject, { spec }: Target): Views {
  const views: Partial<Record<(typeof SECRET_FIELDS)[number], SecretView>> = {};
  for (const field of SECRET_FIELDS) {
    const name = spec[field];
    const object = name === undefined ? undefined : index.findSecret(namespace, name);
    const view = object && viewSecret(object);
    if (view !== undefined) views[field] = view;
  }
  return views;
}

async function checkProvider(
  provider: FolderObject,
  target: Target,
  definition: ProviderDefinition,
  views: Views,
  tools: Tools,
): Promise<{ readonly place: string; readonly found: readonly LintFinding[] }> {
  const keyFaults = views.secretRef === undefined ? [] : findSecretFaults(provider, definition, views.secretRef);
  const { spec } = target;
  const isOpen = [spec.address, spec.channel, spec.username].some((text) => isTemplated(text ?? ''));
  // A Secret that is known to be wrong would be refused once more, in other words.
  if (isOpen || keyFaults.some(({ severity }) => severity === 'error')) return { place: target.key, found: keyFaults };
  const { refusals, config } = await rehearse({
    target,
    definition,
    secrets: valuesOf(views),
    hiddenKeys: views.secretRef?.keys,
    ...tools,
  });
  const refused = refusals.map(({ part, message }) => toFinding(provider, definition, views, part, message));
  if (config === undefined) return { place: target.key, found: [...keyFaults, ...refused] };
  const { address, channel, token, password, headers, secret } = config;
  return {
    place: JSON.stringify([target.type, address, channel, token, password, headers, secret]),
    found: [...keyFaults, ...refused, ...uselessCertificates(provider, target, address)],
  };
}

function uselessCertificates(provider: FolderObject, { spec }: Target, address: string): LintFinding[] {
  if ((spec.certSecretRef ?? '') === '' || !/^http:/i.test(address)) return [];
  const message = 'spec.certSecretRef has no effect, because the address begins with http: and not with https:';
  const hint = 'Use an https address, or remove spec.certSecretRef.';
  return [findingAt(provider, ['spec', 'certSecretRef'], { rule: 'ignored-field', severity: 'warning', message, hint })];
}

function valuesOf(views: Views): Partial<Record<(typeof SECRET_FIELDS)[number], SecretData>> {
  const values: Partial<Record<(typeof SECRET_FIELDS)[number], SecretData>> = {};
  for (const field of SECRET_FIELDS) {
    const data = views[field]?.object.secret?.data;
    if (data !== undefined) values[field] = data;
  }
  return values;
}

function toFinding(provider: FolderObject, definition: ProviderDefinition, views: Views, part: Part, message: string): LintFinding {
  const words = { rule: 'bad-configuration' as const, severity: 'error' as const, message };
  const main = views.secretRef;
  if (part === 'address' && main?.keys.includes('address') === true) {
    return findingAt(main.object, pathOf(main.object, 'address'), { ...words, hint: hintFor(definition, part) });
  }
  return findingAt(provider, pathOfPart(part), { ...words, hint: hintFor(definition, part) });
}

function pathOfPart(part: Part): Path {
  if (part === 'credentials') return ['spec', 'secretRef'];
  return part === 'spec' ? ['spec'] : ['spec', part];
}

function hintFor({ config, title }: ProviderDefinition, part: Part): string {
  const field: unknown = config.shape[part];
  const description = typeof field === 'object' && field !== null && 'description' in field ? field.description : undefined;
  if (typeof description === 'string') return `${description.replace(/\.$/, '')}: mend spec.${part}, or the key ${part} of the Secret.`;
  if (part === 'credentials') return `Mend the Secret of spec.secretRef; its keys are described with the type ${title}.`;
  if (part === 'spec') return `Compare it with the examples of the type ${title}.`;
  return part === 'proxy' ? 'Write an address such as http://proxy.example.com:3128.' : `Mend the Secret that spec.${part} names.`;
}

/** Providers may share a Secret, and then find the same in it. */
function withoutRepeats(findings: readonly LintFinding[]): LintFinding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}
