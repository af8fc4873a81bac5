// Folders with many Alerts in front of one webhook, spread as in a large fleet: three Alerts per namespace speak of its
// objects, and one of the three wants an ordinary event.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Fleet {
  readonly alerts: number;
  readonly address: string;
  /** `spread`: an event has 3 candidates and 1 match. `all`: every Alert is a candidate of every event, 1 matches. */
  readonly shape: 'spread' | 'all';
  /** The Provider takes its address from a Secret. */
  readonly viaSecret?: boolean;
}

const ALERTS_PER_NAMESPACE = 3;

/** How many namespaces the events of a fleet spread over. */
export function groupsOf({ alerts, shape }: Pick<Fleet, 'alerts' | 'shape'>): number {
  return shape === 'all' ? 1 : Math.max(1, Math.floor(alerts / ALERTS_PER_NAMESPACE));
}

/** Writes the manifests as one YAML stream per thousand Alerts. */
export function writeFleet(directory: string, fleet: Fleet): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'provider.yaml'), provider(fleet));
  const documents = Array.from({ length: fleet.alerts }, (_, index) => alert(fleet, index));
  for (let from = 0; from < documents.length; from += 1_000) {
    writeFileSync(join(directory, `alerts-${from}.yaml`), documents.slice(from, from + 1_000).join('---\n'));
  }
}

/** The manifests of a fleet as documents: the Provider, and what it needs, first. */
export function fleetDocuments(fleet: Fleet): readonly string[] {
  return [...provider(fleet).split('---\n'), ...Array.from({ length: fleet.alerts }, (_, index) => alert(fleet, index))];
}

function provider({ address, viaSecret }: Fleet): string {
  const where = viaSecret === true ? ['  secretRef: {name: webhook}'] : [`  address: ${address}`];
  const secret = [
    '---',
    'apiVersion: v1',
    'kind: Secret',
    'metadata: {name: webhook, namespace: flux-system}',
    `stringData: {address: "${address}"}`,
    '',
  ];
  return [
    'apiVersion: notification.toolkit.fluxcd.io/v1beta3',
    'kind: Provider',
    'metadata: {name: webhook, namespace: flux-system}',
    'spec:',
    '  type: generic',
    ...where,
    '',
    ...(viaSecret === true ? secret : []),
  ].join('\n');
}

function alert(fleet: Fleet, index: number): string {
  const group = fleet.shape === 'all' ? 0 : Math.min(Math.floor(index / ALERTS_PER_NAMESPACE), groupsOf(fleet) - 1);
  const isFirst = fleet.shape === 'all' ? index === 0 : index === group * ALERTS_PER_NAMESPACE;
  return [
    'apiVersion: notification.toolkit.fluxcd.io/v1beta3',
    'kind: Alert',
    `metadata: {name: alert-${index}, namespace: flux-system}`,
    'spec:',
    '  providerRef: {name: webhook}',
    ...(isFirst ? ['  eventSeverity: info'] : selective(index)),
    `  eventSources: [{kind: Kustomization, namespace: team-${String(group).padStart(5, '0')}, name: '*'}]`,
    '',
  ].join('\n');
}

/** The others want failures only, or messages that never come. */
function selective(index: number): readonly string[] {
  return index % 2 === 0 ? ['  eventSeverity: error'] : ['  eventSeverity: info', `  inclusionList: ['^.*rollback of [a-z]+-${index}$']`];
}
