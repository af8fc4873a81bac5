// Names that lead nowhere: Providers of Alerts, Secrets of Providers. What is somewhere else is said to be there.
import { suggest } from '../dialects/flux/finding.ts';
import type { FolderObject } from '../config/directory/read-folder.ts';
import { SECRET_FIELDS } from '../config/secret-names.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { findingAt, isTemplated, type LintFinding, listed, type Path, placeOf } from './finding.ts';
import type { FolderIndex } from './folder-index.ts';

/** Alerts whose Provider is not in their namespace. */
export function findMissingProviders(index: FolderIndex): LintFinding[] {
  return index.alerts.flatMap((alert) => {
    const name = nameOfProvider(alert);
    if (name === undefined || isTemplated(name) || index.findProvider(alert.namespace, name) !== undefined) return [];
    const rule = 'missing-provider' as const;
    return [findingAt(alert, ['spec', 'providerRef', 'name'], { rule, severity: 'error', ...missingProvider(index, alert, name) })];
  });
}

function nameOfProvider({ route, raw }: FolderObject): string | undefined {
  // An Alert without a spec names none, which is told as such.
  return raw['spec'] === undefined || raw['spec'] === null ? undefined : route?.targetKey.split('/').at(-1);
}

function missingProvider(index: FolderIndex, { namespace }: FolderObject, name: string): { message: string; hint: string } {
  const absent = `there is no Provider ${shown(name)} in the namespace ${namespace}`;
  const elsewhere = index.providersNamed(name);
  const [first] = elsewhere;
  if (first !== undefined) {
    const places = listed(elsewhere.map((provider) => `${provider.namespace} (${placeOf(provider)})`));
    const hint = `An Alert only uses Providers of its own namespace: move the Alert to ${first.namespace}, or add the Provider to ${namespace}.`;
    return { message: `${absent}; it is in ${places}`, hint };
  }
  const neighbours = index.providers.filter((provider) => provider.namespace === namespace).map((provider) => provider.name);
  const meant = suggest(name, neighbours);
  if (meant !== undefined) return { message: absent, hint: `Did you mean ${meant}?` };
  const known = neighbours.length === 0 ? '' : ` The Providers there are ${listed(neighbours)}.`;
  return { message: absent, hint: `Add the Provider, or name another one.${known}` };
}

/** Providers whose Secrets are not in their namespace; often another tool makes them, so in a folder only a wrong namespace is an error. */
export function findMissingSecrets(index: FolderIndex, cluster: ClusterFacts | undefined): LintFinding[] {
  return index.providers.flatMap((provider) =>
    SECRET_FIELDS.flatMap((field) => {
      const name = provider.target?.spec[field];
      if (name === undefined || isTemplated(name)) return [];
      const { namespace } = provider;
      if (index.findSecret(namespace, name) !== undefined || index.isSecretMade(namespace, name)) return [];
      if (cluster?.unreadSecrets.has(`${namespace}/${name}`)) return [];
      const finding = missingSecret(index, provider, name, ['spec', field, 'name']);
      return [cluster !== undefined ? { ...finding, severity: 'error' as const } : finding];
    }),
  );
}

function missingSecret(index: FolderIndex, provider: FolderObject, name: string, path: Path): LintFinding {
  const { namespace } = provider;
  const absent = `there is no Secret ${shown(name)} in the namespace ${namespace}`;
  const elsewhere = index.secretsNamed(name);
  const rule = 'missing-secret' as const;
  if (elsewhere.length > 0) {
    const places = listed(elsewhere.map((secret) => `${secret.namespace} (${placeOf(secret)})`));
    const hint = `A Provider only reads Secrets of its own namespace: add the Secret to ${namespace}.`;
    return findingAt(provider, path, { rule, severity: 'error', message: `${absent}; it is in ${places}`, hint });
  }
  const meant = suggest(name, namesOfSecrets(index, namespace));
  const hint =
    meant === undefined ? 'Add it, or make sure that another tool creates it: nothing can be sent without it.' : `Did you mean ${meant}?`;
  return findingAt(provider, path, { rule, severity: 'warning', message: absent, hint });
}

/** An empty name would leave a hole in the sentence. */
function shown(name: string): string {
  return name === '' ? '""' : name;
}

function namesOfSecrets(index: FolderIndex, namespace: string): string[] {
  return [...(index.objectsOf('Secret')?.get(namespace)?.keys() ?? [])];
}
