// The alert rules and the dashboard speak of series that a real server has, with the labels that it gives them.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { parseExposition, type Sample, select, type Selector, selectorsOf } from '../support/exposition.ts';
import { toEventBody } from '../support/flux-sender.ts';
import { type Product, startProduct } from '../support/product.ts';
import { untilReady } from '../support/ready.ts';
import { untilTrue } from '../support/until.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly definition?: string }[] };
}

const MONITORING = join(import.meta.dirname, '..', '..', 'manifests', 'monitoring');
const rules = (parse(readFileSync(join(MONITORING, 'alerts.yaml'), 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const dashboard = JSON.parse(readFileSync(join(MONITORING, 'dashboard.json'), 'utf8')) as Dashboard;

/** What the operator's own Prometheus adds, and what the dashboard's variables stand for. */
const isOfPrometheus = (label: string, value: string): boolean => label === 'job' || label === 'instance' || value.includes('$');

const folder = mkdtempSync(join(tmpdir(), 'tocsin-metrics-'));
let sink: Server;
let product: Product;
let quiet: readonly Sample[];
let busy: readonly Sample[];

before(async () => {
  sink = createServer((request, response) => {
    request.resume();
    response.writeHead(request.url === '/broken' ? 400 : 204).end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => sink.once('listening', resolve));
  const manifests = join(folder, 'manifests');
  mkdirSync(manifests);
  writeFileSync(join(manifests, 'all.yaml'), fleet((sink.address() as AddressInfo).port));
  product = await startProduct({
    manifests: [manifests],
    store: join(folder, 'outbox.db'),
    logFile: join(folder, 'log'),
    flags: ['--export-object-metrics'],
  });
  await untilReady(product);
  quiet = await scrape();
  assert.equal(await post(EVENT), 202);
  assert.equal(await post('no event'), 400);
  await untilTrue(async () => {
    busy = await scrape();
    return sum(busy, { name: 'tocsin_deliveries_total', matchers: [] }) >= 2;
  }, 'both deliveries');
});

after(async () => {
  await product.stop();
  sink.close();
  rmSync(folder, { recursive: true, force: true });
});

const EVENT = toEventBody({ namespace: 'apps', name: 'web', message: 'Applied revision: main' });

function fleet(port: number): string {
  const one = (name: string): string => `
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: { name: ${name}, namespace: apps }
spec: { type: generic, address: 'http://127.0.0.1:${port}/${name}' }
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: { name: ${name}, namespace: apps }
spec: { providerRef: { name: ${name} }, eventSources: [{ kind: Kustomization, name: '*' }] }
`;
  return one('fine') + one('broken');
}

async function post(body: string): Promise<number> {
  const { host, port } = product.addresses.events;
  return (await fetch(`http://${host}:${port}`, { method: 'POST', body })).status;
}

async function scrape(): Promise<readonly Sample[]> {
  const { host, port } = product.addresses.metrics;
  return parseExposition(await (await fetch(`http://${host}:${port}/metrics`)).text());
}

function sum(samples: readonly Sample[], selector: Selector): number {
  return select(samples, selector).reduce((total, { value }) => total + value, 0);
}

/** The one selector of a rule whose series counts what the rule is about. */
function selectorOf(alert: string): Selector {
  const rule = rules.find((one) => one.alert === alert);
  const [selector] = selectorsOf(rule?.expr ?? '');
  assert.ok(selector, alert);
  return selector;
}

function checkExpression(where: string, expression: string): void {
  const selectors = selectorsOf(expression);
  assert.ok(selectors.length > 0, `${where} names no series`);
  for (const { name, matchers } of selectors) {
    const own = matchers.filter(({ label, value }) => !isOfPrometheus(label, value));
    assert.ok(select(busy, { name, matchers: own }).length > 0, `${where}: the server has no ${name} ${JSON.stringify(own)}`);
    for (const { label } of matchers) {
      if (label === 'job') continue;
      const labels = select(busy, { name, matchers: [] }).flatMap((sample) => Object.keys(sample.labels));
      assert.ok(labels.includes(label), `${where}: ${name} has no label ${label}`);
    }
  }
  for (const [, names = ''] of expression.matchAll(/\bby\s*\(([^)]*)\)/g)) {
    for (const label of names.split(',').map((name) => name.trim())) {
      const has = selectors.some(({ name }) => select(busy, { name, matchers: [] }).some(({ labels }) => label in labels));
      assert.ok(has, `${where}: nothing has the label ${label}`);
    }
  }
}

test('every series of the rules exists', () => {
  assert.ok(rules.length > 10);
  for (const { alert, expr } of rules) checkExpression(alert, expr);
});

test('every series of the dashboard exists', () => {
  const expressions = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
  assert.ok(expressions.length > 20);
  for (const { title, expr } of expressions) checkExpression(title, expr);
  for (const { definition = '' } of dashboard.templating.list) {
    const [, name] = /^label_values\((\w+), \w+\)$/.exec(definition) ?? [];
    if (name !== undefined) assert.ok(select(busy, { name, matchers: [] }).length > 0, name);
  }
});

test('rules say what happened, how bad it is and what to do', () => {
  const names = new Set<string>();
  for (const { alert, annotations, for: since, labels } of rules) {
    assert.match(alert, /^Tocsin[A-Z]\w+$/);
    assert.ok(!names.has(alert), alert);
    names.add(alert);
    assert.match(since, /^(?:\d|[12]\d|30)m$/, `${alert} is told within half an hour`);
    assert.ok(['critical', 'warning'].includes(labels['severity'] ?? ''), alert);
    assert.match(annotations['summary'] ?? '', /\.$/, alert);
    assert.match(annotations['description'] ?? '', /\.$/, alert);
  }
});

test('a healthy server fires no rule that looks at the present', () => {
  let checked = 0;
  for (const { alert, expr } of rules) {
    const [, selector = '', operator = '', bound = ''] = /^(?:sum\()?(\w+(?:\{[^}]*\})?)\)? (==|>) ([\d.* ]+)$/.exec(expr) ?? [];
    // Where the test's own folder lies is not the server's doing.
    if (selector === '' || alert === 'TocsinStoreNotPersistent') continue;
    const [asked] = selectorsOf(selector);
    assert.ok(asked, alert);
    const threshold = bound.split('*').reduce((bounded, factor) => bounded * Number(factor), 1);
    for (const { value } of select(quiet, asked)) assert.ok(operator === '>' ? value <= threshold : value !== threshold, alert);
    checked += 1;
  }
  assert.ok(checked >= 6, `${checked} rules`);
});

test('what rules count from is zero before it happens, so that the first time is an increase', () => {
  for (const { alert, expr } of rules) {
    if (!/\b(?:increase|rate)\(/.test(expr)) continue;
    for (const selector of selectorsOf(expr)) {
      assert.ok(select(quiet, selector).length > 0, `${alert}: ${selector.name} is not there at the start`);
      assert.equal(sum(quiet, selector), 0, alert);
    }
  }
});

test('what goes wrong is counted where the rules look', () => {
  assert.equal(sum(busy, selectorOf('TocsinDeadLetters')), 1);
  assert.equal(sum(busy, selectorOf('TocsinEventsInvalid')), 1);
  assert.equal(sum(busy, selectorOf('TocsinEventsRefused')), 0);
});

test('deliveries are counted by object where that is wanted', () => {
  const counted = select(busy, { name: 'tocsin_object_deliveries_total', matchers: [] }).map(
    ({ labels, value }) => `${labels['kind'] ?? ''} ${labels['namespace'] ?? ''}/${labels['name'] ?? ''} ${labels['state'] ?? ''} ${value}`,
  );

  assert.deepEqual(counted.toSorted(), [
    'Alert apps/broken dead 1',
    'Alert apps/fine delivered 1',
    'Provider apps/broken dead 1',
    'Provider apps/fine delivered 1',
  ]);
});
