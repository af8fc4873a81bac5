// `replay` and `cancel` as processes against a running server: looking first, asking, doing it, and who did it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { flagsToAsk, type Ran, runHere, runTocsin } from '../support/command.ts';
import { type Product, PROGRAM, startProduct } from '../support/product.ts';
import { type Recorded, type RecordingServer, startRecordingServer } from '../support/servers.ts';
import { untilTrue } from '../support/until.ts';
import type { Delivery } from '../../internal/outbox/store.ts';

const SHA = '5394cb7f48332b2de7c17dd8b8384bbc84b7e738';
const folder = mkdtempSync(join(tmpdir(), 'tocsin-decide-'));
const manifests = join(folder, 'manifests');
const store = join(folder, 'outbox.db');
/** What the sink answers to a POST, by the first part of its path. */
const statuses = new Map([
  ['refusing', 400],
  ['failing', 500],
  ['api', 400],
]);
let sink: RecordingServer;
let product: Product;
let minute = 0;

before(async () => {
  sink = await startRecordingServer({
    answer: ({ url, method }, response) => {
      if (method === 'POST') response.statusCode = statuses.get(url.split('/')[1] ?? '') ?? 204;
      if (url.endsWith('/version')) response.end('{"version":"1.24.0"}');
      else response.end(method === 'POST' ? '{}' : '[]');
    },
  });
  mkdirSync(manifests);
  writeFileSync(join(manifests, 'all.yaml'), fleet());
  product = await startProduct({ manifests: [manifests], store, logFile: join(folder, 'log') });
});

after(async () => {
  await product.stop();
  await sink.close();
  rmSync(folder, { recursive: true, force: true });
});

function fleet(): string {
  const secret = '---\napiVersion: v1\nkind: Secret\nmetadata: { name: token, namespace: apps }\nstringData: { token: t }\n';
  const generic = (name: string): string => aRoute(name, `{ type: generic, address: "http://${sink.host}/${name}" }`);
  const git = aRoute('git', `{ type: gitea, address: "http://${sink.host}/org/repo", secretRef: { name: token } }`);
  return [secret, generic('refusing'), generic('failing'), git].join('');
}

/** A Provider, and an Alert that takes the events which are meant for it. */
function aRoute(name: string, spec: string): string {
  const sources = 'eventSources: [{ kind: Kustomization, name: "*" }]';
  const alert = `spec: { providerRef: { name: ${name} }, ${sources}, inclusionList: ["for ${name} "] }`;
  return `${head('Provider', name)}spec: ${spec}\n${head('Alert', `to-${name}`)}${alert}\n`;
}

function head(kind: string, name: string): string {
  return `---\napiVersion: notification.toolkit.fluxcd.io/v1beta3\nkind: ${kind}\nmetadata: { name: ${name}, namespace: apps }\n`;
}

/** An event that only the Alert of this Provider takes, a minute younger than the one before. */
async function post(to: string, object: string): Promise<string> {
  minute += 1;
  const { host, port } = product.addresses.events;
  const event = {
    involvedObject: { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', namespace: 'apps', name: object },
    severity: 'error',
    timestamp: new Date(Date.UTC(2026, 0, 5, 12, minute)).toISOString(),
    reason: 'ReconciliationFailed',
    message: `for ${to} ${minute}`,
    metadata: { 'kustomize.toolkit.fluxcd.io/revision': `main@sha1:${SHA}` },
    reportingController: 'kustomize-controller',
  };
  const answer = await fetch(`http://${host}:${port}`, { method: 'POST', body: JSON.stringify(event) });
  assert.equal(answer.status, 202);
  return answer.headers.get('tocsin-event') ?? '';
}

/** The delivery of an event, as soon as it is in one of these states. */
async function deliveryOf(eventId: string, ...states: readonly string[]): Promise<Delivery> {
  let found: Delivery | undefined;
  await untilTrue(
    async () => {
      const { items } = (await product.admin(`/api/v1/deliveries?event=${eventId}`)).body as { items: readonly Delivery[] };
      found = items.find(({ state, attempts }) => states.includes(state) && (state !== 'waiting' || attempts > 0));
      return found !== undefined;
    },
    `the delivery of ${eventId} to be ${states.join(' or ')}`,
  );
  return found ?? assert.fail();
}

async function postUntil(to: string, object: string, state: string): Promise<Delivery> {
  return deliveryOf(await post(to, object), state);
}

const askFlags = (): string[] => flagsToAsk(product, store);

const tocsin = (...args: readonly string[]): Promise<Ran> => runTocsin(...args, ...askFlags());

/** The command on a terminal on which somebody types an answer. */
async function onTerminal(answer: string, ...args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  const command = [process.execPath, PROGRAM, ...args, ...askFlags()].map((word) => `'${word}'`).join(' ');
  const running = promisify(execFile)('script', ['--quiet', '--return', '--command', command, '/dev/null'], { timeout: 30_000 });
  running.child.stdout?.on('data', (text: string) => {
    if (text.includes('[y/N]')) running.child.stdin?.end(answer);
  });
  const ended = await running.then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: Ran) => error,
  );
  return { code: ended.code, text: ended.stdout };
}

const requestsTo = (path: string): readonly Recorded[] =>
  sink.requests.filter(({ url, method }) => url.startsWith(path) && method === 'POST');

test('replay looks first, sends again what is named, and the delivery says who did it', async () => {
  const [one, two] = [await postUntil('refusing', 'one', 'dead'), await postUntil('refusing', 'two', 'dead')];

  const plan = await tocsin('replay', '--target', 'apps/refusing', '--since', '24h', '--dry-run');
  const untouched = await deliveryOf(one.eventId, 'dead');
  statuses.set('refusing', 204);
  const byId = await tocsin('replay', one.id, '--by', 'ada');
  await deliveryOf(one.eventId, 'delivered');
  const rest = await tocsin('replay', '--target', 'apps/refusing', '--since', '24h', '--yes', '--output', 'json');
  await deliveryOf(two.eventId, 'delivered');
  const shown = await tocsin('deliveries', 'show', one.id);
  const [second] = (JSON.parse((await tocsin('deliveries', two.id, '--output', 'jsonl')).stdout) as Delivery).decisions ?? [];

  assert.equal(plan.code, 0);
  assert.match(plan.stdout, /^ID +STATE +PROVIDER +OBJECT +ALERT +ACCEPTED +REASON +WOULD BE$/m);
  assert.match(
    plan.stdout,
    new RegExp(`^${one.id} +dead +apps/refusing +Kustomization/apps/one +apps/to-refusing .* bad-request +replayed$`, 'm'),
  );
  assert.match(plan.stdout, /^Would replay 2 of 2 deliveries\.$/m);
  assert.equal(untouched.decisions, undefined, 'a dry run does nothing');
  assert.deepEqual([byId.code, byId.stdout, byId.stderr], [0, `replayed ${one.id}\n`, '']);
  const done = JSON.parse(rest.stdout) as {
    dryRun: boolean;
    replayed: number;
    items: { id: string; result: string; from: string; reason: string }[];
  };
  assert.deepEqual([rest.code, done.dryRun, done.replayed], [0, false, 1], 'what was delivered is not replayed again');
  assert.partialDeepStrictEqual(done.items, [{ id: two.id, result: 'requeued', from: 'dead', reason: 'bad-request' }]);
  assert.match(
    shown.stdout,
    /#1 .*rejected \(bad-request.*\n.*\n {2}replayed \S.* by ada \(it was dead, bad-request\)\n {2}#2 .*delivered/,
  );
  assert.match(second?.by ?? '', /^\S+@\S+/, 'the user of this machine');
  assert.ok(!plan.stdout.includes('\u001b'), 'no colour in a pipe');
});

test('cancel stops what waits, once, and what was cancelled can be replayed', async () => {
  const [one, two] = [await postUntil('failing', 'one', 'waiting'), await postUntil('failing', 'two', 'waiting')];

  const plan = await tocsin('cancel', '--alert', 'apps/to-failing', '--object', '*/apps/one', '--dry-run', '--output', 'json');
  const cancelled = await tocsin('cancel', '--object', 'Kustomization/apps/one', '--target', 'apps/failing', '--yes');
  const again = await tocsin('cancel', one.id, two.id);
  const shown = await tocsin('deliveries', one.id);
  statuses.set('failing', 204);
  const replayed = await tocsin('replay', '--target', 'apps/failing', '--state', 'cancelled', '--reason', 'cancelled', '--yes');
  await deliveryOf(one.eventId, 'delivered');

  assert.partialDeepStrictEqual(JSON.parse(plan.stdout), { dryRun: true, cancelled: 1, items: [{ id: one.id, result: 'cancelled' }] });
  assert.deepEqual([cancelled.code, cancelled.stdout], [0, `cancelled ${one.id}\n`]);
  assert.deepEqual([again.code, again.stdout], [1, `cancelled ${two.id}\n`]);
  assert.equal(again.stderr, `${one.id} was not cancelled: it has ended: it is cancelled\n`);
  assert.match(shown.stdout, /cancelled, cancelled: cancelled by \S+/);
  assert.deepEqual([replayed.code, replayed.stdout], [0, 'replayed 2 deliveries\n']);
});

test('a status that is older than the last one delivered is sent only when forced', async () => {
  const older = await postUntil('git', 'web', 'dead');
  statuses.set('api', 201);
  await postUntil('git', 'web', 'delivered');
  const sentBefore = requestsTo('/api/').length;

  const refused = await tocsin('replay', older.id);
  const plan = await tocsin('replay', '--target', 'apps/git', '--state', 'dead,superseded', '--dry-run');
  const sent = requestsTo('/api/').length;
  const forced = await tocsin('replay', older.id, '--force', '--by', 'ada');
  await deliveryOf(older.eventId, 'delivered');
  const shown = await tocsin('deliveries', 'show', older.id);

  assert.deepEqual([refused.code, refused.stdout], [1, '']);
  assert.match(refused.stderr, /was not replayed: a newer one of its commit status or comment is known; --force sends it all the same/);
  assert.match(plan.stdout, /^Would replay 0 of 1 delivery\.$/m);
  assert.equal(sent, sentBefore, 'nothing went to the forge');
  assert.equal(forced.code, 0);
  assert.match(shown.stdout, /replayed .* by ada, forced \(it was superseded\)/);
});

test('on a terminal it asks, and only a yes does it', async () => {
  statuses.set('refusing', 400);
  const dead = await postUntil('refusing', 'three', 'dead');
  const asked = ['replay', '--target', 'apps/refusing', '--state', 'dead'];

  const no = await onTerminal('n\n', ...asked);
  const ctrlC = await onTerminal('\u0003', ...asked);
  const untouched = await deliveryOf(dead.eventId, 'dead');
  statuses.set('refusing', 204);
  const yes = await onTerminal('y\n', ...asked);
  await deliveryOf(dead.eventId, 'delivered');
  const nothing = await onTerminal('', ...asked);

  assert.match(no.text, /Would replay 1 of 1 delivery\.\r?\n.*replay 1 delivery\? \[y\/N\]/s);
  assert.match(no.text, /Nothing was done\./);
  assert.deepEqual([no.code, ctrlC.code, yes.code, nothing.code], [1, 1, 0, 0]);
  assert.equal(untouched.decisions, undefined);
  assert.match(yes.text, new RegExp(`replayed ${dead.id}`));
  assert.match(nothing.text, /No deliveries match\./);
});

const wrong: readonly { readonly name: string; readonly args: readonly string[]; readonly code: number; readonly says: RegExp }[] = [
  { name: 'nothing named', args: ['replay'], code: 2, says: /name what to replay: ids, or --target/ },
  { name: 'only an age', args: ['cancel', '--since', '1h', '--yes'], code: 2, says: /name what to cancel/ },
  { name: 'ids and flags', args: ['replay', 'x', '--target', 'apps/a'], code: 2, says: /by their ids or by flags, not both/ },
  {
    name: 'nobody to ask',
    args: ['replay', '--target', 'apps/a'],
    code: 2,
    says: /nobody can be asked here: --dry-run .* --yes will replay/,
  },
  { name: 'both ways', args: ['cancel', '--target', 'apps/a', '--dry-run', '--yes'], code: 2, says: /cannot be used with/ },
  { name: 'a Provider without namespace', args: ['replay', '--target', 'slack', '--yes'], code: 2, says: /write namespace\/name/ },
  {
    name: 'what cannot be replayed',
    args: ['replay', '--target', 'apps/a', '--state', 'waiting'],
    code: 2,
    says: /no "waiting" here; write dead,/,
  },
  {
    name: 'what cannot be cancelled',
    args: ['cancel', '--target', 'apps/a', '--state', 'dead'],
    code: 2,
    says: /no "dead" here; write waiting,/,
  },
  { name: 'no reason', args: ['cancel', '--target', 'apps/a', '--reason', 'boredom'], code: 2, says: /Allowed choices are auth/ },
  { name: 'the future', args: ['replay', '--target', 'apps/a', '--since', '2999-01-01T00:00:00Z'], code: 2, says: /lies in the future/ },
  { name: 'a forced cancel', args: ['cancel', 'x', '--force'], code: 2, says: /unknown option '--force'/ },
  { name: 'an unknown id', args: ['replay', 'nobody'], code: 1, says: /nobody was not replayed: no delivery has this id/ },
  { name: 'an unknown id to cancel', args: ['cancel', 'nobody'], code: 1, says: /nobody was not cancelled: no delivery has this id/ },
  { name: 'nobody who decides', args: ['cancel', 'x', '--by', ' '], code: 1, says: /by: / },
];

test('what is wrong is told on stderr, and nothing is done', async () => {
  const asProcess = await tocsin('replay', '--target', 'apps/a');
  assert.deepEqual([asProcess.code, asProcess.stdout], [2, '']);
  for (const { name, args, code, says } of wrong) {
    const ran = await runHere(...args, ...askFlags());
    assert.deepEqual({ code: ran.code, stdout: ran.stdout }, { code, stdout: '' }, name);
    assert.match(ran.stderr, says, name);
  }
});

test('where nothing matches nothing is done', async () => {
  const table = await tocsin('replay', '--target', 'apps/git', '--object', 'Bucket', '--yes');
  const unknown = await tocsin('replay', '--target', 'apps/nobody', '--yes');
  const json = await tocsin('cancel', '--event', 'nobody', '--yes', '--output', 'json');

  assert.deepEqual([table.code, table.stdout, table.stderr], [0, 'No deliveries match.\n', '']);
  assert.deepEqual([unknown.code, unknown.stdout], [1, '']);
  assert.match(unknown.stderr, /there is no Provider apps\/nobody, .*; there is apps\//);
  assert.deepEqual([json.code, JSON.parse(json.stdout)], [0, { dryRun: false, cancelled: 0, items: [] }]);
});
