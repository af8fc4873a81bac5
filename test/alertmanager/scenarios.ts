// What a person sees in Alertmanager of an object that fails and recovers.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CertificateAuthority, createCertificateAuthority } from '../support/certificates.ts';
import { sendHttp } from '../support/http-sender.ts';
import { until } from '../support/outcome.ts';
import { type Product, startProduct } from '../support/product.ts';
import type { ScenarioOf, ScenarioReport } from '../support/scenarios.ts';
import { WebhookSink } from '../support/webhook-sink.ts';
import { type Alertmanager, type ListedAlert, startAlertmanager } from './alertmanager.ts';

const WAIT_MS = 20_000;
const apiVersion = 'notification.toolkit.fluxcd.io/v1beta3';

/** What Alertmanager itself tells of an alert. */
interface Notified {
  readonly status: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly endsAt: string;
}

interface World extends ScenarioReport {
  readonly product: Product;
  readonly alertmanager: Alertmanager;
  readonly notified: () => readonly Notified[];
}

export const resolves: ScenarioOf<ScenarioReport> = {
  name: 'resolves',
  promise: 'with the annotation one alert stands for the object, and its recovery ends it',
  run: (report) => inWorld(report, { annotations: { 'tocsin.dev/resolve': 'enabled' } }, failAndRecover),
};

export const mutualTls: ScenarioOf<ScenarioReport> = {
  name: 'mutual-tls',
  promise: 'the same with an Alertmanager that asks for a client certificate',
  run: (report) =>
    inWorld(report, { annotations: { 'tocsin.dev/resolve': 'enabled' }, authority: createCertificateAuthority('fleet') }, failAndRecover),
};

export const likeFlux: ScenarioOf<ScenarioReport> = {
  name: 'like-flux',
  promise: 'without the annotation each reason is an alert of its own, as Flux sends it',
  run: (report) =>
    inWorld(report, { annotations: {} }, async (world) => {
      await send(world, { severity: 'error', reason: 'HealthCheckFailed' });
      await send(world, { severity: 'info', reason: 'ReconciliationSucceeded' });
      const names = ['FluxKustomizationHealthcheckfailed', 'FluxKustomizationReconciliationsucceeded'];
      const hasBoth = await until(async () => (await listed(world, names)).length === names.length, WAIT_MS);
      if (!hasBoth) world.fail(`listed are ${JSON.stringify(await world.alertmanager.alerts())}`);
      for (const { labels, status } of await listed(world, names)) {
        if (labels['revision'] === undefined || status.state !== 'active') world.fail(`${labels['alertname']}: ${JSON.stringify(labels)}`);
      }
    }),
};

async function failAndRecover(world: World): Promise<void> {
  const name = ['FluxKustomizationFailed'];
  await send(world, { severity: 'error', reason: 'HealthCheckFailed' });
  const isListed = await until(async () => (await listed(world, name)).length === 1, WAIT_MS);
  const [alert] = await listed(world, name);
  if (!isListed || alert?.status.state !== 'active') world.fail(`the failure is not listed as active: ${JSON.stringify(alert)}`);
  if (alert?.annotations['reason'] !== 'HealthCheckFailed') world.fail(`it does not say why: ${JSON.stringify(alert?.annotations)}`);
  world.note(`active: ${JSON.stringify(alert?.labels)}`);

  const recoveredAt = await send(world, { severity: 'info', reason: 'ReconciliationSucceeded' });
  if (!(await until(async () => (await listed(world, name)).length === 0, WAIT_MS)))
    world.fail('the alert is still listed after the recovery');
  const toldResolved = () => world.notified().find(({ status, labels }) => status === 'resolved' && labels['alertname'] === name[0]);
  if (!(await until(() => toldResolved() !== undefined, WAIT_MS))) world.fail('Alertmanager told nobody of the recovery');
  const endsAt = toldResolved()?.endsAt ?? '';
  if (Date.parse(endsAt) !== Date.parse(recoveredAt)) world.fail(`it ended at ${endsAt}, the object recovered at ${recoveredAt}`);
  world.note(`resolved at ${endsAt}`);
}

async function listed({ alertmanager }: World, names: readonly string[]): Promise<readonly ListedAlert[]> {
  return (await alertmanager.alerts()).filter(({ labels }) => names.includes(labels['alertname'] ?? ''));
}

interface Setup {
  readonly annotations: Readonly<Record<string, string>>;
  readonly authority?: CertificateAuthority;
}

async function inWorld(report: ScenarioReport, setup: Setup, run: (world: World) => Promise<void>): Promise<void> {
  const { directory, program } = report;
  const cleanups: (() => unknown)[] = [];
  try {
    const sink = new WebhookSink(() => ({ kind: 'answer', status: 200 }));
    await sink.listen();
    cleanups.push(() => sink.close());
    const alertmanager = await startAlertmanager({ ...setup, directory, webhook: `http://127.0.0.1:${sink.port}/` });
    cleanups.push(() => alertmanager.stop());
    report.note(`Alertmanager ${alertmanager.version}`);
    const manifests = join(directory, 'manifests');
    mkdirSync(manifests);
    writeFileSync(join(manifests, 'all.yaml'), toManifests(alertmanager.address, setup));
    const files = { manifests: [manifests], store: join(directory, 'tocsin.db'), logFile: join(directory, 'tocsin.log') };
    const product = await startProduct({ program, ...files });
    cleanups.push(() => product.stop());
    const notified = () => sink.requests.flatMap(({ body }) => (JSON.parse(body) as { readonly alerts: readonly Notified[] }).alerts);
    await run({ ...report, product, alertmanager, notified });
  } finally {
    for (const cleanup of cleanups.toReversed()) await cleanup();
  }
}

function toManifests(address: string, { annotations, authority }: Setup): string {
  const metadata = { name: 'alertmanager', namespace: 'apps' };
  const eventSources = [{ kind: 'Kustomization', name: '*' }];
  const spec = { type: 'alertmanager', address };
  const { cert = '', key = '' } = authority?.issueClient('tocsin') ?? {};
  const certificates = { 'ca.crt': authority?.cert ?? '', 'tls.crt': cert, 'tls.key': key };
  const certSecretRef = authority === undefined ? {} : { certSecretRef: { name: 'certificates' } };
  return [
    { apiVersion, kind: 'Provider', metadata: { ...metadata, annotations }, spec: { ...spec, ...certSecretRef } },
    { apiVersion, kind: 'Alert', metadata, spec: { providerRef: { name: 'alertmanager' }, eventSeverity: 'info', eventSources } },
    ...(authority === undefined
      ? []
      : [{ apiVersion: 'v1', kind: 'Secret', metadata: { ...metadata, name: 'certificates' }, stringData: certificates }]),
  ]
    .map((object) => `---\n${JSON.stringify(object)}\n`)
    .join('');
}

/** Sends an event of now; answers its time. */
async function send({ product, fail }: World, what: { readonly severity: string; readonly reason: string }): Promise<string> {
  const timestamp = `${new Date().toISOString().slice(0, 19)}Z`;
  const body = JSON.stringify({
    involvedObject: { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', namespace: 'apps', name: 'webapp', uid: 'u' },
    ...what,
    timestamp,
    message: what.reason,
    metadata: { 'kustomize.toolkit.fluxcd.io/revision': `main@sha1:${what.reason}` },
    reportingController: 'kustomize-controller',
    reportingInstance: 'kustomize-controller-0',
  });
  const answer = await sendHttp({ to: product.addresses.events, method: 'POST', path: '/', headers: {}, body, timeoutMs: WAIT_MS });
  if (answer.status !== 202) fail(`the event was answered ${answer.status}`);
  return timestamp;
}
