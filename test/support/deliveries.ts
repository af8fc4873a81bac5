// Leases, Targets and definitions with everything filled in that a test of delivering does not care about.
import { z } from 'zod';
import type { Delivery, Lease } from '../../internal/outbox/store.ts';
import type { Target } from '../../internal/routing/route.ts';
import type { ResolvedTarget } from '../../internal/sdk/credentials.ts';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import type { ProviderDefinition, ResolvedConfig } from '../../internal/sdk/provider.ts';

const NO_METADATA = Object.freeze(Object.create(null) as Record<string, string>);

/** A leased delivery to the Target `flux//apps/<provider>`. */
export function toLease(id: string, changes: Partial<Delivery> & { readonly provider?: string; readonly precededBy?: number } = {}): Lease {
  const { provider = 'hook', precededBy = 0, ...rest } = changes;
  const ref = { dialect: 'flux', tenant: '', namespace: 'apps', uid: 'u' };
  const flux = exampleEvent();
  const delivery: Delivery = {
    id,
    eventId: `event-of-${id}`,
    route: { ...ref, name: 'alert' },
    target: { ...ref, name: provider },
    type: 'test-hook',
    destination: '',
    part: 0,
    lane: { key: `lane-of-${provider}`, policy: 'ordered', backlog: 'all' },
    state: 'leased',
    metadata: NO_METADATA,
    createdAtMs: 0,
    dueAtMs: null,
    expiresAtMs: 86_400_000,
    attempts: 0,
    outOfOrder: false,
    endedAtMs: null,
    history: [],
    subject: { kind: 'Kustomization', namespace: 'apps', name: 'webapp' },
    ...rest,
  };
  return {
    delivery,
    token: 1,
    event: {
      id: delivery.eventId,
      dialect: 'flux',
      tenant: '',
      cluster: '',
      origin: 'http',
      subject: flux.involvedObject,
      occurredAtMs: null,
      dedup: null,
      body: '{}',
      flux,
    },
    precededBy,
    expiresInMs: 86_400_000,
    ageMs: 0,
  };
}

/** A Target of the given definition; `changes` replaces fields. */
export function toTarget(definition: ProviderDefinition | null, changes: Partial<Target> & { readonly name?: string } = {}): Target {
  const { name = 'hook', ...rest } = changes;
  const type = definition?.type ?? 'unknown';
  const metadata = { namespace: 'apps', name, uid: 'u' };
  return {
    ref: { dialect: 'flux', tenant: '', namespace: 'apps', name, uid: 'u' },
    key: `flux//apps/${name}`,
    type,
    definition,
    spec: { type },
    annotations: {},
    suspended: false,
    timeoutMs: 15_000,
    statusExpression: null,
    object: { apiVersion: 'notification.toolkit.fluxcd.io/v1beta3', kind: 'Provider', metadata },
    hash: 'h',
    ...rest,
  };
}

/** What resolving a Target gives. */
export function toResolved(config: Partial<ResolvedConfig> = {}): ResolvedTarget {
  return {
    config: {
      address: 'https://hooks.example.com/path',
      channel: '',
      username: '',
      password: '',
      token: '',
      headers: {},
      secret: {},
      annotations: {},
      ...config,
    },
    connection: { pool: 'pool', concurrency: 8 },
  };
}

/** A webhook definition that posts the event's message; `changes` replaces what a test is about. */
export function toDefinition(changes: Partial<ProviderDefinition> = {}): ProviderDefinition {
  const definition: ProviderDefinition = {
    type: 'test-hook',
    title: 'Test',
    category: 'webhook',
    summary: 'Posts to a test.',
    link: 'https://example.com/',
    since: '0.1.0',
    stability: 'stable',
    config: z.object({ address: z.string().describe('The address of the webhook.') }),
    secret: z.object({}),
    capabilities: {
      accepts: ['event'],
      commitStatusUpdates: true,
      idempotency: 'key',
      backlog: 'all',
      tlsFromSecret: false,
      passwordAsToken: false,
    },
    examples: [{ title: 'Plain', spec: { type: 'test-hook', address: 'https://hooks.example.com/path' }, event: exampleEvent() }],
    ...(changes.send === undefined
      ? { render: ({ config, event }) => [{ method: 'POST', url: config.address, headers: [], body: event.message }] }
      : {}),
    ...changes,
  };
  return defineProvider(definition);
}
