// A real Prometheus scrapes a real server, with our rules loaded: every rule and every panel of the dashboard can be evaluated on
// what it scraped, nothing fires while all is well, and a dead letter does.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findFreePort } from '../support/free-port.ts';
import { type Product, startProduct } from '../support/product.ts';
import { WebhookSink } from '../support/webhook-sink.ts';

const MONITORING = join(import.meta.dirname, '..', '..', 'manifests', 'monitoring');
const PATIENCE_MS = 60_000;
/** The folder of the test lies on whatever the machine has, so that this one may be right. */
const OF_THE_MACHINE = 'TocsinStoreNotPersistent';

interface Rule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
  readonly state: string;
}

const folder = mkdtempSync(join(tmpdir(), 'tocsin-prometheus-'));
const sink = new WebhookSink(() => ({ kind: 'answer', status: 400 }));
await sink.listen();
const product = await startTocsin();
const prometheus = await startPrometheus(product);
try {
  const rules = await until(readRules, (all) => all.length > 0 && all.every(({ health }) => health !== 'unknown'));
  assert.deepEqual(
    rules.filter(({ health }) => health !== 'ok').map(({ name, lastError }) => `${name}: ${lastError ?? ''}`),
    [],
  );
  assert.deepEqual(namesOf(rules, 'firing'), [], 'nothing fires while all is well');
  const panels = await checkPanels();
  await checkNames();
  await post();
  const told = await until(readRules, (all) => namesOf(all, 'firing').length > 0);
  assert.deepEqual(namesOf(told, 'firing'), ['TocsinDeadLetters']);
  process.stdout.write(
    `${rules.length} rules and ${panels} expressions of the dashboard evaluated; a dead letter fires TocsinDeadLetters\n`,
  );
} finally {
  if (prometheus.process.exitCode === null) {
    prometheus.process.kill('SIGTERM');
    await once(prometheus.process, 'exit');
  }
  await product.stop();
  sink.close();
  rmSync(folder, { recursive: true, force: true });
}

async function startTocsin(): Promise<Product> {
  const manifests = join(folder, 'manifests');
  mkdirSync(manifests);
  writeFileSync(
    join(manifests, 'all.yaml'),
    `apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: { name: refusing, namespace: apps }
spec: { type: generic, address: 'http://127.0.0.1:${sink.port}/' }
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: { name: all, namespace: apps }
spec: { providerRef: { name: refusing }, eventSources: [{ kind: Kustomization, name: '*' }] }
`,
  );
  return startProduct({ manifests: [manifests], store: join(folder, 'outbox.db'), logFile: join(folder, 'tocsin.log') });
}

async function startPrometheus({ addresses }: Product): Promise<{ readonly process: ChildProcess; readonly port: number }> {
  const port = await findFreePort();
  const config = join(folder, 'prometheus.yml');
  writeFileSync(
    config,
    `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: ['${join(MONITORING, 'alerts.yaml')}']
scrape_configs:
  - job_name: tocsin
    static_configs: [{ targets: ['127.0.0.1:${addresses.metrics.port}'] }]
`,
  );
  const flags = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${port}`];
  return { process: spawn('prometheus', [...flags, '--log.level=error'], { stdio: ['ignore', 'inherit', 'inherit'] }), port };
}

/** The rules as Prometheus sees them; none before it has scraped. */
async function readRules(): Promise<readonly Rule[]> {
  if ((await query('sum(scrape_samples_scraped)')).length === 0) return [];
  const { data } = (await ask('/api/v1/rules')) as { data: { groups: { rules: Rule[] }[] } };
  return data.groups.flatMap((group) => group.rules);
}

/** How many expressions there are; each that Prometheus refuses is an error. */
async function checkPanels(): Promise<number> {
  const { panels } = JSON.parse(readFileSync(join(MONITORING, 'dashboard.json'), 'utf8')) as {
    panels: { title: string; targets?: { expr: string }[] }[];
  };
  const expressions = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
  for (const { title, expr } of expressions) {
    await query(expr.replaceAll(/\$(?:job|type)\b/g, '.*').replaceAll('$__rate_interval', '30s')).catch((cause: unknown) => {
      throw new Error(`the panel "${title}": ${expr}`, { cause });
    });
  }
  return expressions.length;
}

/** Names, types and help texts follow Prometheus' rules; those of Node's own series are not ours to choose. */
async function checkNames(): Promise<void> {
  const { host, port } = product.addresses.metrics;
  const scraped = await (await fetch(`http://${host}:${port}/metrics`)).text();
  const ours = scraped.split('\n').filter((line) => !/^(?:# \w+ )?nodejs_/.test(line));
  execFileSync('promtool', ['check', 'metrics'], { input: ours.join('\n'), stdio: ['pipe', 'inherit', 'inherit'] });
}

async function query(expression: string): Promise<readonly unknown[]> {
  const answer = (await ask(`/api/v1/query?query=${encodeURIComponent(expression)}`)) as { data: { result: unknown[] } };
  return answer.data.result;
}

async function ask(path: string): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${prometheus.port}${path}`);
  if (!answer.ok) throw new Error(`Prometheus answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

function namesOf(rules: readonly Rule[], state: string): readonly string[] {
  return rules.filter((rule) => rule.state === state && rule.name !== OF_THE_MACHINE).map(({ name }) => name);
}

/** An event whose delivery the other side refuses. */
async function post(): Promise<void> {
  const { host, port } = product.addresses.events;
  const involvedObject = { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', namespace: 'apps', name: 'web' };
  const body = JSON.stringify({ involvedObject, severity: 'error', reason: 'HealthCheckFailed', message: 'no ready replica' });
  assert.equal((await fetch(`http://${host}:${port}`, { method: 'POST', body })).status, 202);
}

/** Asks again, also while nobody answers yet. */
async function until<T>(read: () => Promise<T>, isDone: (value: T) => boolean): Promise<T> {
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const value = await read().catch((error: unknown) => {
      if (performance.now() > endMs) throw error;
      return undefined;
    });
    if (value !== undefined && isDone(value)) return value;
    if (performance.now() > endMs) throw new Error(`waited in vain; the last was ${JSON.stringify(value)}`);
    await pause(250);
  }
}
