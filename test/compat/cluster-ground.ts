// The objects of cases on a real API server, with Flux's own CRDs, applied by kubectl; and what the program wrote there.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../support/cluster.ts';
import { fluxCrds } from '../support/flux-crds.ts';
import { sourceCrds } from '../support/source-crds.ts';
import { type AlertEvent, compareAlertEvents } from './compare-alert-events.ts';
import type { Ground } from './ground.ts';
import type { CaseResult, PreparedCase } from './run-case.ts';
import { type ManifestObject, whyNotInCluster, type Vector } from './vector.ts';

/** kubectl limits its own rate, so several share the work. */
const KUBECTLS = 4;
const EVENTS_WITHIN_MS = 15_000;
const POLL_MS = 250;

export async function openClusterGround(cluster: Cluster): Promise<Ground> {
  await cluster.apply([...fluxCrds(), ...sourceCrds()], ['--server-side', '--force-conflicts']);
  return {
    whyNot: whyNotInCluster,
    lay: async (vectors) => {
      await applyAll(cluster, vectors);
      return { manifests: [], flags: ['--kubeconfig', cluster.kubeconfig, '--egress-allow', '127.0.0.0/8'] };
    },
    // What is not known yet will be: the API server can say what is not there.
    staysPending: (reason) => reason === 'provider-missing',
    judge: (cases, results) => judge(cluster, cases, results),
  };
}

async function applyAll(cluster: Cluster, vectors: readonly Vector[]): Promise<void> {
  const objects = vectors.flatMap(({ given }) => given.objects ?? []).map(withoutUid);
  const namespaces = new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []));
  await applyInParts(
    cluster,
    [...namespaces].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
  );
  await applyInParts(cluster, objects);
}

/** The API server chooses uids. */
function withoutUid(object: ManifestObject): ManifestObject {
  const { uid: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

async function applyInParts(cluster: Cluster, objects: readonly object[]): Promise<void> {
  const size = Math.max(1, Math.ceil(objects.length / KUBECTLS));
  const parts = Array.from({ length: KUBECTLS }, (_, index) => objects.slice(index * size, (index + 1) * size));
  await Promise.all(parts.filter((part) => part.length > 0).map((part) => cluster.apply(part)));
}

/** Events are written behind the deliveries, so they are waited for. */
async function judge(
  cluster: Cluster,
  cases: readonly PreparedCase[],
  results: readonly CaseResult[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const byName = new Map(results.map((result) => [result.name, result]));
  const endMs = performance.now() + EVENTS_WITHIN_MS;
  for (;;) {
    const events = Map.groupBy(await listAlertEvents(cluster), ({ alert }) => alert);
    const differences = cases.map((each) => [each.vector.name, differencesOf(each, byName, events)] as const);
    const open = differences.filter(([, found]) => found.length > 0);
    if (open.length === 0 || performance.now() > endMs) return new Map(open);
    await sleep(POLL_MS);
  }
}

function differencesOf(
  { vector, recorder }: PreparedCase,
  results: ReadonlyMap<string, CaseResult>,
  events: ReadonlyMap<string, readonly AlertEvent[]>,
): readonly string[] {
  const { alertEvents } = vector.expected;
  if (alertEvents === undefined) return [];
  const alerts = (vector.given.objects ?? []).filter(({ kind }) => kind === 'Alert');
  const observed = alerts.flatMap(({ metadata }) => events.get(`${metadata.namespace}/${metadata.name}`) ?? []);
  const isTriedAgain = results.get(vector.name)?.isTriedLater === true || vector.given.sinkDown === true || recorder.hasRetriedAnswer();
  return [...compareAlertEvents(alertEvents, observed, isTriedAgain), ...leaksOf(vector, observed)];
}

/** Short values are words that a message may hold by chance. */
const SHORTEST_SECRET = 10;

function leaksOf({ given }: Vector, observed: readonly AlertEvent[]): readonly string[] {
  const secrets = (given.objects ?? []).filter(({ kind }) => kind === 'Secret');
  const values = secrets.flatMap((secret) => Object.values((secret['stringData'] ?? {}) as Readonly<Record<string, string>>));
  const leaking = observed.filter(({ message }) => values.some((value) => value.length >= SHORTEST_SECRET && message.includes(value)));
  return leaking.map(({ message }) => `an Event shows a value of a Secret: ${message}`);
}

interface EventObject {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly involvedObject: { readonly kind: string; readonly namespace: string; readonly name: string };
  readonly source?: { readonly component?: string };
}

async function listAlertEvents(cluster: Cluster): Promise<readonly AlertEvent[]> {
  const { items } = (await cluster.ask('GET', '/api/v1/events')) as { readonly items: readonly EventObject[] };
  return items
    .filter(({ involvedObject }) => involvedObject.kind === 'Alert')
    .map(({ type, reason, message, metadata, involvedObject, source }) => ({
      alert: `${involvedObject.namespace}/${involvedObject.name}`,
      type,
      reason,
      message,
      annotations: metadata.annotations ?? {},
      component: source?.component ?? '',
    }));
}
