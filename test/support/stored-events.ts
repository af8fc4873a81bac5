// A store full of what happened: events of a fleet, of which an Alert for errors sent every tenth.
import { projectFlux, toEvent } from '../../internal/event/flux.ts';
import type { Event, Project } from '../../internal/event/event.ts';
import type { Append, Outbox } from '../../internal/outbox/store.ts';
import { aDelivery, aSettlement, leaseNow } from './outbox.ts';

const BATCH = 500;
const ERRORS = 10;

/** How a store reads the bodies of these events. */
export const projectStored: Project = (_dialect, body) => projectFlux(body);

/** The Provider and the Alert that they were sent by; `severity` as it is, or as somebody edited it. */
export function fleetOf(severity: 'error' | 'info', address: string): string {
  return `---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: { name: hook, namespace: default }
spec: { type: generic, address: "${address}" }
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: { name: alert, namespace: default }
spec: { providerRef: { name: hook }, eventSeverity: ${severity}, eventSources: [{ kind: Kustomization, name: "*" }] }
`;
}

/** Stores them, with every delivery of theirs delivered. */
export async function storeEvents(outbox: Outbox, count: number, nowMs: number): Promise<void> {
  for (let start = 0; start < count; start += BATCH) {
    const size = Math.min(BATCH, count - start);
    await outbox.append(Array.from({ length: size }, (_, index) => toAppend(start + index, nowMs)));
    for (let leases = await leaseNow(outbox, BATCH); leases.length > 0; leases = await leaseNow(outbox, BATCH)) {
      await outbox.settle(leases.map((lease) => aSettlement(lease)));
    }
  }
}

function toAppend(index: number, nowMs: number): Append {
  const event = toStored(index, nowMs);
  const isSent = event.flux.severity === 'error';
  const revision = event.flux.metadata['kustomize.toolkit.fluxcd.io/revision'] ?? '';
  const delivery = aDelivery({ target: 'hook', lane: event.subject.name, metadata: { revision } });
  const said = { route: delivery.route, targetKey: 'flux//default/hook' };
  return {
    event,
    verdicts: [isSent ? { ...said, kind: 'matched' } : { ...said, kind: 'dropped', reason: 'severity' }],
    deliveries: isSent ? [delivery] : [],
    revision: 'r1',
  };
}

function toStored(index: number, nowMs: number): Event {
  const body = JSON.stringify({
    involvedObject: {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      namespace: 'default',
      name: `app-${index % 500}`,
    },
    severity: index % ERRORS === 0 ? 'error' : 'info',
    timestamp: new Date(nowMs).toISOString(),
    message: `Reconciliation number ${index} finished: ${'deployment/app configured '.repeat(8)}`,
    reason: 'ReconciliationSucceeded',
    metadata: { 'kustomize.toolkit.fluxcd.io/revision': `main@sha1:${index.toString(16).padStart(40, '0')}` },
    reportingController: 'kustomize-controller',
    reportingInstance: 'kustomize-controller-0',
  });
  const event = toEvent({ body, nowMs, windowMs: 1, origin: 'http' });
  if ('invalid' in event) throw new TypeError(event.invalid);
  return event;
}
