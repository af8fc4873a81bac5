// Our CRDs and Flux's on a real API server: both answer what was recorded, and one may follow the other at any time.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiServer, startApiServer, whyNoApiServer } from '../support/api-server.ts';
import type { ApiAnswer } from '../support/cluster.ts';
import type { CrdManifest } from '../support/crd-validator.ts';
import { fluxCrds, ownCrds } from '../support/flux-crds.ts';
import { recordedObjects } from '../support/recorded-crds.ts';

const GROUP = 'notification.toolkit.fluxcd.io';
const ESTABLISHED_WITHIN_MS = 30_000;

const skip = whyNoApiServer();
let server: ApiServer;
before(async () => {
  if (skip !== false) return;
  // Definitions are everybody's, so this file has a server of its own.
  server = await startApiServer();
  await server.namespace('crd');
});
after(() => server?.close());

test("every answer with Flux's CRDs is the recorded one, word for word", { skip }, async () => {
  await install(fluxCrds());

  for (const { name, given, then } of recordedObjects()) {
    const answer = await dryRun(given.manifest);
    assert.equal(answer.status < 300, then.accepted, name);
    if (then.message !== undefined) assert.equal(messageOf(answer), then.message, name);
    if (then.defaulted !== undefined) assert.partialDeepStrictEqual(answer.body, then.defaulted, name);
  }
});

test('ours take and refuse the same objects, and more where that is wanted', { skip }, async () => {
  await install(ownCrds());

  for (const { name, given, then, isDeviating } of recordedObjects()) {
    const answer = await dryRun(given.manifest);
    if (isDeviating) continue;
    assert.equal(answer.status < 300, then.accepted, `${name}: ${messageOf(answer)}`);
    if (then.defaulted !== undefined) assert.partialDeepStrictEqual(answer.body, then.defaulted, name);
  }
  assert.equal((await dryRun(alert('any-kind', 'Deployment'))).status, 201);
});

test("ours, then Flux's, then ours again: no object is lost, nothing is refused, and a status comes back", { skip }, async () => {
  await install(ownCrds());
  await server.apply(OBJECTS);
  await server.ask('PATCH', `${pathOf(alert('mine', 'Deployment'))}/mine/status`, { status: STATUS }, 'application/merge-patch+json');
  const first = await stored();

  await install(fluxCrds());
  const underFlux = await stored();
  await server.apply(OBJECTS.filter(({ metadata }) => metadata.name !== 'mine'));
  // What Flux would not take anew may still be changed elsewhere than in its kind.
  await server.ask(
    'PATCH',
    `${pathOf(alert('mine', 'Deployment'))}/mine`,
    { metadata: { labels: { seen: 'yes' } } },
    'application/merge-patch+json',
  );
  const refused = await server.kubectl(['apply', '-f', '-'], [alert('another', 'Deployment')]);

  await install(ownCrds());
  await server.apply(OBJECTS);
  const last = await stored();

  assert.deepEqual(underFlux.map(specOf), first.map(specOf));
  assert.deepEqual(last.map(specOf), first.map(specOf));
  assert.match(refused.stderr, /spec\.eventSources\[0\]\.kind: Unsupported value: "Deployment"/);
  assert.deepEqual(first.find(({ metadata }) => metadata.name === 'mine')?.['status'], { ...STATUS }, 'ours keep a status');
  assert.equal(underFlux.find(({ metadata }) => metadata.name === 'mine')?.['status'], undefined, "Flux's hide it");
});

test('one version is stored, and it is the one that Flux stores', { skip }, async () => {
  for (const crd of [...fluxCrds(), ...ownCrds()]) {
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${crd.metadata.name}`;
    const { status } = (await server.ask('GET', path)) as { readonly status: { readonly storedVersions: readonly string[] } };

    assert.deepEqual(status.storedVersions, [crd.spec.names.kind === 'Receiver' ? 'v1' : 'v1beta3'], crd.metadata.name);
  }
});

interface Stored {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly [field: string]: unknown;
}

const STATUS = { observedGeneration: 1, conditions: [] };

function alert(name: string, kind: string) {
  const spec = { eventSeverity: 'error', eventSources: [{ kind, name: '*', matchLabels: { app: 'x' } }], providerRef: { name: 'chat' } };
  return { apiVersion: `${GROUP}/v1beta3`, kind: 'Alert', metadata: { name, namespace: 'crd' }, spec };
}

const OBJECTS = [
  alert('theirs', 'Kustomization'),
  alert('mine', 'Deployment'),
  {
    apiVersion: `${GROUP}/v1beta3`,
    kind: 'Provider',
    metadata: { name: 'chat', namespace: 'crd' },
    spec: { type: 'slack', channel: 'general', secretRef: { name: 'slack' }, timeout: '20s' },
  },
  {
    apiVersion: `${GROUP}/v1`,
    kind: 'Receiver',
    metadata: { name: 'hook', namespace: 'crd' },
    spec: { type: 'github', secretRef: { name: 'hook' }, resources: [{ kind: 'GitRepository', name: 'fleet' }] },
  },
];

/** One object of each kind. */
const KINDS = OBJECTS.slice(1);

function pathOf({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): string {
  return `/apis/${apiVersion}/namespaces/crd/${kind.toLowerCase()}s`;
}

function dryRun(manifest: { readonly apiVersion: string; readonly kind: string }): Promise<ApiAnswer> {
  return server.request('POST', `${pathOf(manifest)}?dryRun=All`, manifest);
}

/** As clients word it: what is no Kubernetes answer comes with its status in front. */
function messageOf({ status, body }: ApiAnswer): string {
  if (typeof body === 'string') return `${status} ${body.trim()}`;
  return String((body as { readonly message?: string }).message);
}

async function stored(): Promise<readonly Stored[]> {
  const lists = await Promise.all(KINDS.map((object) => server.ask('GET', pathOf(object))));
  return lists.flatMap((list) => (list as { readonly items: readonly Stored[] }).items);
}

function specOf({ kind, metadata, spec }: Stored): object {
  return { kind, name: metadata.name, uid: metadata.uid, spec };
}

/** Applies the definitions as Flux's controller would, and waits until the API server answers by them. */
async function install(crds: readonly CrdManifest[]): Promise<void> {
  await server.apply(crds, ['--server-side', '--force-conflicts']);
  const takesAnyKind = crds[0]?.spec.versions[0]?.subresources !== undefined;
  const endMs = performance.now() + ESTABLISHED_WITHIN_MS;
  while (performance.now() < endMs) {
    const lists = await Promise.all(KINDS.map((object) => server.request('GET', pathOf(object))));
    const [usual, unusual] = [await dryRun(alert('probe', 'Kustomization')), await dryRun(alert('probe', 'Deployment'))];
    const isEstablished = lists.every(({ status }) => status === 200) && usual.status === 201;
    if (isEstablished && (unusual.status === 201) === takesAnyKind) return;
    await sleep(50);
  }
  assert.fail('the definitions are not established');
}
