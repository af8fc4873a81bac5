// The event that provider examples share, so that previews of different types can be laid side by side.
import type { FluxEvent } from '../event/event.ts';

const COMMIT = '5394cb7f48332b2de7c17dd8b8384bbc84b7e738';

/** A Kustomization that was applied; `changes` replaces fields, for a type that shows something else. */
export function exampleEvent(changes: Partial<FluxEvent> = {}): FluxEvent {
  return {
    involvedObject: {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      namespace: 'apps',
      name: 'webapp',
      uid: '7f8b2a4e-1c53-4d0f-9b7a-2f6d1f0f3a11',
      resourceVersion: '1234',
      fieldPath: '',
    },
    severity: 'info',
    timestamp: '2026-01-02T03:04:05Z',
    message: `Applied revision: main@sha1:${COMMIT}`,
    reason: 'ReconciliationSucceeded',
    metadata: Object.assign(Object.create(null), { revision: `main@sha1:${COMMIT}` }),
    reportingController: 'kustomize-controller',
    reportingInstance: 'kustomize-controller-7d9f',
    ...changes,
  };
}
