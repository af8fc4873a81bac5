// Manifests for tests that run the whole program: one Provider and one Alert for each namespace, as a folder.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Webhook {
  readonly namespace: string;
  readonly address: string;
  /** Go duration; the Provider's default when absent. */
  readonly timeout?: string;
  /** The address comes from a Secret instead of the Provider. */
  readonly viaSecret?: boolean;
}

/** Writes a `generic` Provider and an Alert on every Kustomization of the namespace. */
export function writeWebhooks(directory: string, webhooks: readonly Webhook[]): void {
  mkdirSync(directory, { recursive: true });
  for (const webhook of webhooks) {
    const documents =
      webhook.viaSecret === true ? [secret(webhook), provider(webhook), alert(webhook)] : [provider(webhook), alert(webhook)];
    writeFileSync(join(directory, `${webhook.namespace}.yaml`), documents.join('---\n'));
  }
}

function secret({ namespace, address }: Webhook): string {
  return [
    'apiVersion: v1',
    'kind: Secret',
    `metadata: {name: webhook, namespace: ${namespace}}`,
    `stringData: {address: "${address}"}`,
    '',
  ].join('\n');
}

function provider({ namespace, address, timeout, viaSecret }: Webhook): string {
  return [
    'apiVersion: notification.toolkit.fluxcd.io/v1beta3',
    'kind: Provider',
    `metadata: {name: webhook, namespace: ${namespace}}`,
    'spec:',
    '  type: generic',
    viaSecret === true ? '  secretRef: {name: webhook}' : `  address: ${address}`,
    ...(timeout === undefined ? [] : [`  timeout: ${timeout}`]),
    '',
  ].join('\n');
}

function alert({ namespace }: Webhook): string {
  return [
    'apiVersion: notification.toolkit.fluxcd.io/v1beta3',
    'kind: Alert',
    `metadata: {name: all, namespace: ${namespace}}`,
    'spec:',
    '  providerRef: {name: webhook}',
    '  eventSeverity: info',
    "  eventSources: [{kind: Kustomization, name: '*'}]",
    '',
  ].join('\n');
}
