// Alerts, Providers, Secrets and what events are about as a cluster holds them.
import type { ClusterObject } from '../../internal/config/cluster/ports.ts';

const API_VERSION = 'notification.toolkit.fluxcd.io/v1beta3';

type Fields = Readonly<Record<string, unknown>>;

/** An Alert on every Kustomization of its namespace, for the Provider `provider`. */
export function toAlert(name: string, spec: Fields = {}, metadata: Partial<ClusterObject['metadata']> = {}): ClusterObject {
  const sources = [{ kind: 'Kustomization', name: '*' }];
  return {
    apiVersion: API_VERSION,
    kind: 'Alert',
    metadata: { namespace: 'apps', name, generation: 1, ...metadata },
    spec: { providerRef: { name: 'provider' }, eventSources: sources, ...spec },
  };
}

/** A generic webhook. */
export function toProvider(name = 'provider', spec: Fields = {}, metadata: Partial<ClusterObject['metadata']> = {}): ClusterObject {
  return {
    apiVersion: API_VERSION,
    kind: 'Provider',
    metadata: { namespace: 'apps', name, generation: 1, ...metadata },
    spec: { type: 'generic', address: 'http://127.0.0.1:1/hook', ...spec },
  };
}

/** An object that events are about, with the labels that Alerts may ask for. */
export function toKustomization(namespace: string, name: string, labels: Readonly<Record<string, string>>): object {
  return { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', metadata: { namespace, name, labels }, spec: {} };
}

/** A Secret with these values. */
export function toSecretObject(
  name: string,
  values: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>> = {},
): ClusterObject {
  const data = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]));
  return { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'apps', name, labels }, data };
}
