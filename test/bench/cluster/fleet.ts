// A fleet of Alerts on a real API server, made and changed through our own client.
import { performance } from 'node:perf_hooks';
import { parse } from 'yaml';
import { createKubeClient } from '../../../internal/kube/client.ts';
import { KubeError } from '../../../internal/kube/kube-error.ts';
import { openKubeconfig } from '../../../internal/kube/kubeconfig.ts';
import type { KubeClient, ObjectDraft, Resource } from '../../../internal/kube/ports.ts';
import type { Clock, Logger } from '../../../internal/sdk/ports.ts';
import { type Fleet, fleetDocuments } from '../../support/many-alerts.ts';

const GROUP = 'notification.toolkit.fluxcd.io';
export const ALERTS: Resource = { group: GROUP, version: 'v1beta3', plural: 'alerts', kind: 'Alert', namespaced: true };
const PROVIDERS: Resource = { group: GROUP, version: 'v1beta3', plural: 'providers', kind: 'Provider', namespaced: true };
const IN_FLIGHT = 8;
const ALREADY_EXISTS = 409;

/** Timers of it keep the process alive. */
export const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

export const SILENT: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => SILENT,
};

export async function connect(kubeconfig: string): Promise<KubeClient> {
  const access = await openKubeconfig({ path: kubeconfig, clock, conceal: () => undefined });
  return createKubeClient({ access, clock, random: Math.random, log: SILENT, userAgent: 'tocsin-bench' });
}

/** Creates what is not there yet and changes the rest: the last Alerts of a smaller fleet are others in a larger one. */
export async function createFleet(client: KubeClient, fleet: Fleet): Promise<void> {
  const drafts = fleetDocuments(fleet).map((text) => parse(text) as ObjectDraft);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let draft = drafts[next++]; draft !== undefined; draft = drafts[next++]) await ensure(client, draft);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

async function ensure(client: KubeClient, draft: ObjectDraft): Promise<void> {
  const resource = draft.kind === 'Alert' ? ALERTS : PROVIDERS;
  try {
    await client.create(resource, draft);
  } catch (error) {
    if (!(error instanceof KubeError) || error.status !== ALREADY_EXISTS) throw error;
    const { namespace, name = '' } = draft.metadata;
    const found = await client.get(resource, { namespace, name });
    // A patch would leave what the smaller fleet had and the larger has not.
    if (found !== undefined) await client.replace(resource, { ...found, spec: draft['spec'] });
  }
}
