// The kustomizations of manifests/: built with kubectl, and taken by a real API server as a dry run.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { openCluster, whyNoCluster } from '../support/api-server.ts';
import type { Cluster } from '../support/cluster.ts';
import { ownCrds } from '../support/flux-crds.ts';
import { fluxComponents } from '../support/flux-install.ts';
import { type BuiltObject, kustomize, MANIFESTS, pick } from '../support/kustomize.ts';

const NAME = 'notification-controller';

const skip = whyNoCluster();
const folder = mkdtempSync(join(tmpdir(), 'tocsin-manifests-'));
let cluster: Cluster;
before(async () => {
  if (skip !== false) return;
  cluster = await openCluster();
  // A dry run puts objects into no namespace that is not there.
  await cluster.namespace('flux-system');
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await cluster?.close();
});

test('an API server takes everything of the standalone overlay', { skip }, async () => {
  const objects = kustomize(join(MANIFESTS, 'overlays/standalone'));

  const taken = await cluster.apply(objects, ['--server-side', '--dry-run=server', '--field-manager=manifests-test']);

  assert.equal(taken.trim().split('\n').length, objects.length);
  assert.deepEqual(objects.map(({ kind }) => kind).toSorted(), [
    'ClusterRole',
    'ClusterRoleBinding',
    'CustomResourceDefinition',
    'CustomResourceDefinition',
    'CustomResourceDefinition',
    'Deployment',
    'Namespace',
    'NetworkPolicy',
    'PersistentVolumeClaim',
    'PodDisruptionBudget',
    'Role',
    'RoleBinding',
    'Service',
    'Service',
    'ServiceAccount',
  ]);
});

test("the standalone pod meets the restricted profile, and has Flux's names and ports", { skip }, async () => {
  const objects = kustomize(join(MANIFESTS, 'overlays/standalone'));
  const { template, strategy } = deploymentOf(objects);
  const ports = new Map(template.spec.containers[0]?.ports.map(({ name, containerPort }) => [name, containerPort]));
  await cluster.ask('PATCH', '/api/v1/namespaces/flux-system', { metadata: { labels: PROFILE } }, 'application/merge-patch+json');

  // A pod is refused where its account is not there.
  await cluster.serviceAccount('flux-system', NAME);

  const { status, body } = await cluster.request('POST', '/api/v1/namespaces/flux-system/pods?dryRun=All', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'probe', labels: template.metadata.labels },
    spec: template.spec,
  });

  assert.equal(status, 201, JSON.stringify(body));
  assert.deepEqual(strategy, { type: 'Recreate' });
  for (const [service, port] of [
    [NAME, 9090],
    ['webhook-receiver', 9292],
  ] as const) {
    const [only] = (pick(objects, 'Service', service)['spec'] as ServiceSpec).ports;
    assert.deepEqual([only?.port, ports.get(only?.targetPort ?? '')], [80, port], service);
  }
  assert.deepEqual(
    ['http-prom', 'healthz'].map((name) => ports.get(name)),
    [8080, 9440],
  );
});

test('the postgres overlay runs replicas that share a database, and has no volume', { skip }, async () => {
  const base = kustomize(join(MANIFESTS, 'overlays/standalone'));
  const objects = kustomize(join(MANIFESTS, 'overlays/postgres'));
  const { replicas, strategy, template } = deploymentOf(objects);
  const [container] = template.spec.containers;

  const taken = await cluster.apply(objects, ['--server-side', '--dry-run=server', '--field-manager=manifests-test']);

  assert.equal(taken.trim().split('\n').length, objects.length);
  assert.equal(replicas, 2);
  assert.deepEqual(strategy, { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } });
  assert.deepEqual(
    container?.args,
    deploymentOf(base).template.spec.containers[0]?.args.filter((word) => !word.startsWith('--store')),
    'the address of the database is in no command line',
  );
  assert.deepEqual(
    container?.env.find(({ name }) => name === 'TOCSIN_STORE'),
    { name: 'TOCSIN_STORE', valueFrom: { secretKeyRef: { name: 'notification-controller-store', key: 'uri' } } },
  );
  assert.deepEqual(
    [container?.volumeMounts.map(({ mountPath }) => mountPath), template.spec.volumes.map(({ name }) => name)],
    [['/tmp'], ['temp']],
  );
  assert.deepEqual(
    objects.map(({ kind }) => kind).filter((kind) => /Secret|PersistentVolumeClaim/.test(kind)),
    [],
    'no volume, and no Secret in clear',
  );
  assert.equal((pick(objects, 'PodDisruptionBudget', NAME)['spec'] as { readonly maxUnavailable: number }).maxUnavailable, 1);
  assert.deepEqual(
    (pick(objects, 'NetworkPolicy', NAME)['spec'] as { readonly policyTypes: readonly string[] }).policyTypes,
    ['Ingress'],
    'nothing is in the way to the database',
  );
});

test('every binding names the account in the namespace where the pod runs', { skip }, () => {
  const bindings = kustomize(join(MANIFESTS, 'overlays/standalone')).filter(({ kind }) => kind.endsWith('RoleBinding'));

  for (const { subjects } of bindings) assert.deepEqual(subjects, [{ kind: 'ServiceAccount', name: NAME, namespace: 'flux-system' }]);
  assert.equal(bindings.length, 2);
});

test("the drop-in component changes Flux's Deployment and leaves its Services and rights alone", { skip }, async () => {
  const stock = kustomize(bootstrapped([]));
  const patched = kustomize(bootstrapped(['tocsin']));
  const { template, strategy } = deploymentOf(patched);
  const [container] = template.spec.containers;

  const taken = await cluster.apply(patched, ['--server-side', '--dry-run=server', '--field-manager=manifests-test']);

  assert.equal(taken.trim().split('\n').length, patched.length);
  for (const object of stock.filter(({ kind }) => kind !== 'Deployment')) {
    assert.deepEqual(pick(patched, object.kind, object.metadata.name), object);
  }
  assert.deepEqual(
    patched
      .filter(({ kind, metadata }) => !stock.some((other) => other.kind === kind && other.metadata.name === metadata.name))
      .map(({ kind }) => kind)
      .toSorted(),
    ['ClusterRole', 'ClusterRoleBinding', 'PersistentVolumeClaim'],
  );
  assert.equal(container?.image, 'tocsin:0.1.0');
  assert.deepEqual(strategy, { type: 'Recreate' });
  assert.equal(template.spec.terminationGracePeriodSeconds, 30);
  assert.deepEqual(container?.args.slice(0, 4), FLUX_ARGS, "Flux's flags stay");
  assert.deepEqual(container?.args.slice(4), ['--store=sqlite:/data/outbox.db', '--grace-period=25s']);
  assert.deepEqual(container?.volumeMounts.map(({ mountPath }) => mountPath).toSorted(), ['/data', '/tmp']);
  assert.deepEqual(template.spec.volumes.map(({ name }) => name).toSorted(), ['outbox', 'temp']);
});

test('SWITCHING.md shows the kustomization that is tested, and commands that an API server takes', { skip }, async () => {
  const page = readFileSync(join(MANIFESTS, 'SWITCHING.md'), 'utf8');
  const [shown] = blocksOf(page, 'yaml').map((block) => parse(block) as { readonly resources: readonly string[] });
  const objects = (fluxComponents() as { readonly items: readonly object[] }).items;
  await cluster.apply([...ownCrds(), ...objects]);

  assert.deepEqual(shown, { ...kustomization(['tocsin']), resources: ['gotk-components.yaml', 'gotk-sync.yaml'] });
  const commands = blocksOf(page, 'sh')
    .flatMap((block) => block.split('\n'))
    .filter((line) => line.startsWith('kubectl ') && !NEEDS_MORE.test(line));
  const [forEmpty, forFlux] = [
    commands.filter((command) => command.includes('standalone')),
    commands.filter((command) => !command.includes('standalone')),
  ];
  try {
    for (const command of forFlux) await take(command);
  } finally {
    // Rights that stayed would hide what the manifests of other tests lack.
    await cluster.kubectl(['delete', '-f', '-'], objects);
  }
  for (const command of forEmpty) await take(command);
  assert.ok(forFlux.length >= 5 && forEmpty.length === 1, `${commands.length} commands`);
});

test('the guide on several replicas shows commands that an API server takes, and a component for Flux that is one', { skip }, async () => {
  const page = readFileSync(join(MANIFESTS, 'guides', 'several-replicas.md'), 'utf8');
  const [component = ''] = blocksOf(page, 'yaml');
  const directory = bootstrapped(['tocsin']);
  writeFileSync(join(directory, 'tocsin', 'kustomization.yaml'), component);
  const stock = kustomize(bootstrapped([]));
  const objects = kustomize(directory);
  const { replicas, strategy, template } = deploymentOf(objects);
  const [container] = template.spec.containers;

  for (const command of blocksOf(page, 'sh').flatMap((block) => block.trim().split('\n'))) await take(command);
  const taken = await cluster.apply(objects, ['--server-side', '--dry-run=server', '--field-manager=manifests-test']);

  assert.equal(taken.trim().split('\n').length, objects.length);
  assert.equal(replicas, 2);
  assert.deepEqual(strategy, deploymentOf(stock).strategy, 'as Flux has it');
  assert.deepEqual(container?.args, [...FLUX_ARGS, '--grace-period=25s']);
  assert.ok(container?.env.some(({ name }) => name === 'TOCSIN_STORE'));
});

/** Pods, which nobody runs here, and what a step before would have made. */
const NEEDS_MORE = /rollout|exec|pvc/;
const READS = /^kubectl (-n \S+ )?get /;

/** Runs a command of the page, as a dry run if it changes anything. */
async function take(command: string): Promise<void> {
  const words = command.split(' ').slice(1);
  const { code, stderr } = await cluster.kubectl(READS.test(command) ? words : [...words, '--dry-run=server']);
  assert.equal(code, 0, `${command}: ${stderr}`);
}

function blocksOf(page: string, language: string): readonly string[] {
  return [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, name, block]) =>
    name === language && block !== undefined ? [block] : [],
  );
}

const FLUX_ARGS = ['--watch-all-namespaces=true', '--log-level=info', '--log-encoding=json', '--enable-leader-election'];
const PROFILE = { 'pod-security.kubernetes.io/enforce': 'restricted' };

interface DeploymentSpec {
  readonly replicas: number;
  readonly strategy: object;
  readonly template: {
    readonly metadata: { readonly labels: Readonly<Record<string, string>> };
    readonly spec: {
      readonly terminationGracePeriodSeconds: number;
      readonly volumes: readonly { readonly name: string }[];
      readonly containers: readonly {
        readonly image: string;
        readonly args: readonly string[];
        readonly env: readonly { readonly name: string }[];
        readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
        readonly volumeMounts: readonly { readonly mountPath: string }[];
      }[];
    };
  };
}

interface ServiceSpec {
  readonly ports: readonly { readonly port: number; readonly targetPort: string }[];
}

function deploymentOf(objects: readonly BuiltObject[]): DeploymentSpec {
  return pick(objects, 'Deployment', NAME)['spec'] as DeploymentSpec;
}

/** A flux-system folder as `flux bootstrap` writes it, with these components. */
function bootstrapped(components: readonly string[]): string {
  const directory = mkdtempSync(join(folder, 'flux-system-'));
  cpSync(join(MANIFESTS, 'overlays/drop-in'), join(directory, 'tocsin'), { recursive: true });
  writeFileSync(join(directory, 'gotk-components.yaml'), JSON.stringify(fluxComponents()));
  writeFileSync(join(directory, 'kustomization.yaml'), JSON.stringify(kustomization(components)));
  return directory;
}

function kustomization(components: readonly string[]): object {
  return { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources: ['gotk-components.yaml'], components };
}
