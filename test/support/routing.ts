// Events, Routes and Targets for tests around routing: small, complete, overridden where a test cares.
import { z } from 'zod';
import type { Event, FluxEvent, Metadata, ObjectReference } from '../../internal/event/event.ts';
import type { LabelSource, Route, Selector, Target } from '../../internal/routing/route.ts';
import type { Capabilities, ProviderDefinition } from '../../internal/sdk/provider.ts';
import { type ObjectRef, toKey } from '../../internal/sdk/target.ts';

/** Metadata as intake hands it on: no prototype. */
export function toMetadata(pairs: Readonly<Record<string, string>>): Metadata {
  return Object.assign(Object.create(null) as Record<string, string>, pairs);
}

/** The event of flux.md section 8: Kustomization foo/foo-ns with the message `some excluded message`. */
export function toTestEvent(changes: { readonly subject?: Partial<ObjectReference>; readonly flux?: Partial<FluxEvent> } = {}): Event {
  const subject: ObjectReference = {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    namespace: 'foo-ns',
    name: 'foo',
    uid: '',
    resourceVersion: '',
    fieldPath: '',
    ...changes.subject,
  };
  return {
    id: '019a0000-0000-7000-8000-000000000001',
    dialect: 'flux',
    tenant: '',
    cluster: '',
    origin: 'http',
    subject,
    occurredAtMs: null,
    dedup: null,
    body: '{}',
    flux: {
      involvedObject: subject,
      severity: 'info',
      timestamp: '2026-01-02T03:04:05Z',
      message: 'some excluded message',
      reason: 'reason',
      metadata: toMetadata({}),
      reportingController: 'controller',
      reportingInstance: '',
      ...changes.flux,
    },
  };
}

/** A reference of the Flux dialect. */
export function toRef(namespace: string, name: string): ObjectRef {
  return { dialect: 'flux', tenant: '', namespace, name, uid: `uid-${namespace}-${name}` };
}

/** A selector for every Kustomization in foo-ns. */
export function toSelector(changes: Partial<Selector> = {}): Selector {
  return { kind: 'Kustomization', namespace: 'foo-ns', name: '*', matchLabels: null, ...changes };
}

/** An Alert `foo-ns/<name>` on every Kustomization of its namespace, for the Provider `foo-ns/provider`. */
export function toTestRoute(name = 'alert', changes: Partial<Route> = {}): Route {
  const ref = changes.ref ?? toRef('foo-ns', name);
  return {
    ref,
    selectors: [toSelector()],
    severity: 'info',
    inclusions: [],
    exclusions: [],
    metadata: toMetadata({}),
    summary: '',
    suspended: false,
    targetKey: toKey(toRef('foo-ns', 'provider')),
    object: toObject('Alert', ref),
    hash: `hash-${name}`,
    ...changes,
  };
}

/** The Provider `foo-ns/<name>` that takes events. */
export function toTestTarget(name = 'provider', changes: Partial<Target> = {}): Target {
  const ref = changes.ref ?? toRef('foo-ns', name);
  return {
    ref,
    key: toKey(ref),
    type: 'test',
    definition: toDefinition(),
    spec: { type: 'test' },
    annotations: {},
    suspended: false,
    timeoutMs: 15_000,
    statusExpression: null,
    object: toObject('Provider', ref),
    hash: `hash-${name}`,
    ...changes,
  };
}

/** A provider that sends nothing. */
export function toDefinition(capabilities: Partial<Capabilities> = {}, changes: Partial<ProviderDefinition> = {}): ProviderDefinition {
  return {
    type: 'test',
    title: 'Test',
    category: 'webhook',
    summary: 'Sends nothing.',
    link: 'https://example.com/',
    since: '0.1.0',
    stability: 'stable',
    config: z.object({}),
    secret: z.object({}),
    capabilities: {
      accepts: ['event'],
      commitStatusUpdates: false,
      idempotency: 'none',
      backlog: 'latest',
      tlsFromSecret: false,
      passwordAsToken: false,
      ...capabilities,
    },
    render: () => [],
    examples: [],
    ...changes,
  };
}

/** Knows the labels of some objects by `Kind/namespace/name`; `null` stands for "ask again later". */
export function toLabels(objects: Readonly<Record<string, Readonly<Record<string, string>> | null>> = {}): LabelSource {
  return {
    lookup({ kind, namespace, name }) {
      const key = `${kind}/${namespace}/${name}`;
      const labels = Object.hasOwn(objects, key) ? objects[key] : undefined;
      if (labels === undefined) return { state: 'missing' };
      return labels === null ? { state: 'unknown' } : { state: 'labels', labels };
    },
  };
}

function toObject(kind: string, { namespace, name, uid }: ObjectRef): Route['object'] {
  return { apiVersion: 'notification.toolkit.fluxcd.io/v1beta3', kind, metadata: { namespace, name, uid } };
}
