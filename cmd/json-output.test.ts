// Programs that read JSON: what a command writes when it fails is a whole document, whole lines or nothing, and the code says so.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type AdminWorld, openAdminWorld } from '../test/support/admin-world.ts';
import { type Ran, runHere } from '../test/support/command.ts';
import { aDelivery, anAppend, anEvent } from '../test/support/outbox.ts';
import { createProgram } from './program.ts';
import { systemTerminal } from './terminal.ts';

const COUNT = 1_203;
/** The largest page of the admin API. */
const PAGE = 500;

describe('JSON of a command that fails', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-json-'));
  const event = join(folder, 'event.json');
  const broken = join(folder, 'broken.json');
  const manifests = join(folder, 'manifests.yaml');
  let world: AdminWorld;
  let deliveryId = '';

  before(async () => {
    const head = 'apiVersion: notification.toolkit.fluxcd.io/v1beta3\n';
    writeFileSync(event, '{"involvedObject":{"kind":"Kustomization","namespace":"apps","name":"web"},"severity":"info","message":"m"}');
    writeFileSync(broken, '{"involvedObject":');
    writeFileSync(
      manifests,
      `${head}kind: Provider\nmetadata: { name: chat, namespace: apps }\nspec: { type: slack, secretRef: { name: none } }\n---\n` +
        `${head}kind: Provider\nmetadata: { namespace: apps }\nspec: { type: slack }\n`,
    );
    world = await openAdminWorld();
    await world.outbox.append(
      Array.from({ length: COUNT }, (_, index) => anAppend(anEvent(`e${index}`), [aDelivery({ lane: `e${index}` })])),
    );
    deliveryId = (await world.outbox.deliveries({ limit: 1 }))[0]?.id ?? '';
  });
  after(async () => {
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const tocsin = (...args: readonly string[]): Promise<Ran> =>
    runHere(...args, '--admin-addr', world.flags.adminAddr, '--store', world.flags.store);

  /** Every command that writes JSON, failing in ways of its own; those that fail half-way have tests below. */
  const failures = (): readonly { readonly args: readonly string[]; readonly run: typeof runHere }[] => [
    { args: ['events', 'show', 'nobody'], run: tocsin },
    { args: ['events', 'show', 'e1', 'nobody'], run: tocsin },
    { args: ['events', '--after', 'nobody'], run: tocsin },
    { args: ['events', '--follow', '--severity', 'error', '--store', 'sqlite:none.db'], run: runHere },
    { args: ['deliveries', deliveryId, 'e1'], run: tocsin },
    { args: ['deliveries', '--state', 'lost'], run: tocsin },
    { args: ['replay', deliveryId, '--yes', '--target', 'apps/chat'], run: tocsin },
    { args: ['replay', 'nobody'], run: tocsin },
    { args: ['cancel', 'nobody'], run: tocsin },
    { args: ['cancel', '--event', 'e1'], run: tocsin },
    { args: ['explain', 'nobody'], run: tocsin },
    { args: ['explain', '--event', broken, '--manifests', manifests], run: runHere },
    { args: ['render', '--event', broken, '--manifests', manifests], run: runHere },
    { args: ['render', '--event', event, '--manifests', manifests, '--provider', 'apps/chat'], run: runHere },
    { args: ['render', '--event', event, '--manifests', manifests, '--provider', 'apps/none'], run: runHere },
    { args: ['send', '--event', broken], run: tocsin },
    { args: ['send', '--event', event], run: tocsin },
    { args: ['check', 'apps/none', '--manifests', manifests], run: runHere },
    { args: ['check', 'apps/chat', '--manifests', manifests], run: runHere },
    { args: ['backtest', '--alert', manifests], run: tocsin },
    { args: ['backtest', '--alert', join(folder, 'none.yaml')], run: tocsin },
    { args: ['lint', manifests], run: runHere },
    { args: ['lint', join(folder, 'none.yaml')], run: runHere },
    { args: ['providers', '--nonsense'], run: runHere },
  ];

  it('is tried of every command that writes JSON', () => {
    const writers = createProgram(systemTerminal).commands.filter(({ options }) =>
      options.some(({ long, argChoices }) => long === '--output' && argChoices?.includes('json') === true),
    );

    assert.deepEqual(
      [...new Set(failures().flatMap(({ args }) => args.slice(0, 1)))].toSorted(),
      writers.map((one) => one.name()).toSorted(),
    );
  });

  it('is a whole document or nothing', async () => {
    for (const { args, run } of failures()) {
      const { code, stdout, stderr } = await run(...args, '--output', 'json');

      assert.ok(code > 0, `${args.join(' ')}: ${code}`);
      assert.ok(stdout !== '' || stderr !== '', args.join(' '));
      if (stdout !== '') assert.doesNotThrow(() => JSON.parse(stdout), `${args.join(' ')}: ${stdout}`);
    }
  });

  it('of a long list says where to go on', async () => {
    let pages = 0;
    world.onRequest = () => {
      pages += 1;
      if (pages === 3) world.failing = /events/;
    };
    const { code, stdout, stderr } = await tocsin('events', '--limit', '0', '--output', 'json');
    world.onRequest = () => undefined;
    world.failing = undefined;
    const { items, next } = JSON.parse(stdout) as { readonly items: readonly unknown[]; readonly next: string };
    const rest = await tocsin('events', '--limit', '0', '--output', 'jsonl', '--after', next);

    assert.deepEqual([code, items.length, rest.stdout.trim().split('\n').length], [1, 2 * PAGE, COUNT - 2 * PAGE]);
    assert.match(stderr, /the store is busy/);
  });

  it('of lines has whole ones', async () => {
    let pages = 0;
    world.onRequest = () => {
      pages += 1;
      if (pages === 2) world.failing = /events/;
    };
    const { code, stdout } = await tocsin('events', '--limit', '0', '--output', 'jsonl');
    world.onRequest = () => undefined;
    world.failing = undefined;
    const lines = stdout.trim().split('\n');

    assert.deepEqual([code, lines.length], [1, PAGE]);
    for (const line of lines) assert.doesNotThrow(() => JSON.parse(line));
  });

  it('shows several by their ids as one document', async () => {
    const { code, stdout } = await tocsin('events', 'show', 'e1', 'e2', '--output', 'json');
    const { items } = JSON.parse(stdout) as { readonly items: readonly { readonly event: { readonly id: string } }[] };

    assert.deepEqual([code, items.map(({ event: { id } }) => id)], [0, ['e1', 'e2']]);
  });
});
