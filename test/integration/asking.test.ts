// Every command that asks a server: what it says of one that is down, of a token that is not its own, and of what is no server
// of ours; and the help of every command.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createProgram } from '../../cmd/program.ts';
import { systemTerminal } from '../../cmd/terminal.ts';
import { type AdminWorld, openAdminWorld } from '../support/admin-world.ts';
import { runHere, runTocsin } from '../support/command.ts';
import { findFreePort } from '../support/free-port.ts';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-asking-'));
const store = join(folder, 'outbox.db');
const event = join(folder, 'event.json');
const alert = join(folder, 'alert.yaml');
const WRONG_TOKEN = 'canary-token-51ae';
/** As many at a time as two cores bear. */
const AT_ONCE = 3;
let world: AdminWorld;
let stranger: Server;

/** Every way in which a command asks; those that take a folder instead ask when none is given. */
const asking: readonly (readonly [name: string, ...args: string[]])[] = [
  ['events'],
  ['events', '--follow'],
  ['events', 'show', 'x'],
  ['deliveries', '--state', 'dead'],
  ['deliveries', '--follow'],
  ['deliveries', 'x'],
  ['replay', 'x'],
  ['replay', '--target', 'apps/a', '--dry-run'],
  ['cancel', '--target', 'apps/a', '--yes'],
  ['explain', 'x'],
  ['explain', 'Kustomization/apps/web'],
  ['explain', '--event', event],
  ['send', 'Kustomization/apps/web'],
  ['check', 'apps/slack'],
  ['backtest', '--alert', alert],
];

before(async () => {
  writeFileSync(`${store}.admin-token`, WRONG_TOKEN);
  writeFileSync(event, '{"involvedObject":{"kind":"Kustomization","namespace":"apps","name":"web"},"severity":"info","message":"m"}');
  writeFileSync(
    alert,
    'apiVersion: notification.toolkit.fluxcd.io/v1beta3\nkind: Alert\nmetadata: { name: a, namespace: apps }\n' +
      'spec: { providerRef: { name: p }, eventSources: [{ kind: Kustomization, name: "*" }] }\n',
  );
  world = await openAdminWorld();
  stranger = createServer((_request, response) => response.end('<html>')).listen(0, '127.0.0.1');
  await once(stranger, 'listening');
});

after(async () => {
  stranger.close();
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

test('the table has every command that asks a server', () => {
  const names = createProgram(systemTerminal)
    .commands.filter(({ options }) => options.some(({ description }) => description === "address of the running server's admin API"))
    .map((command) => command.name());

  assert.deepEqual([...new Set(asking.map(([name]) => name))].toSorted(), names.toSorted());
});

interface Trouble {
  readonly name: string;
  readonly flags: () => Promise<readonly string[]> | readonly string[];
  readonly says: RegExp;
  readonly run: typeof runTocsin;
}

const ownStore = (): readonly string[] => ['--store', `sqlite:${store}`];

const troubles: readonly Trouble[] = [
  {
    name: 'a server that is down',
    flags: async () => [...ownStore(), '--admin-addr', `127.0.0.1:${await findFreePort()}`],
    says: /^tocsin: no server answers at 127\.0\.0\.1:\d+; start one with "tocsin serve", or name its address with --admin-addr\n$/,
    run: runTocsin,
  },
  {
    name: 'a token that is not its own',
    flags: () => [...ownStore(), '--admin-addr', world.flags.adminAddr],
    says: /^tocsin: the server at 127\.0\.0\.1:\d+ does not take the token of sqlite:.*; name its own store with --store\n$/,
    run: runTocsin,
  },
  {
    name: 'no token',
    flags: () => ['--store', `sqlite:${join(folder, 'none.db')}`, '--admin-addr', world.flags.adminAddr],
    says: /cannot read the admin token .*none\.db\.admin-token: it does not exist; name the running server's store with --store\n$/,
    run: runHere,
  },
  {
    name: 'a server that is not ours',
    flags: () => [...ownStore(), '--admin-addr', `127.0.0.1:${(stranger.address() as AddressInfo).port}`],
    says: /what answers at 127\.0\.0\.1:\d+ is no admin API of Tocsin; name the server's --admin-addr\n$/,
    run: runHere,
  },
];

for (const { name, flags, says, run } of troubles) {
  test(`every command says what to do about ${name}`, { timeout: 300_000 }, async () => {
    const given = await flags();
    const todo = [...asking];
    const work = async (): Promise<void> => {
      for (let args = todo.shift(); args !== undefined; args = todo.shift()) {
        const { code, stdout, stderr } = await run(...args, ...given);
        assert.deepEqual({ code, stdout }, { code: 1, stdout: '' }, `${args.join(' ')}: ${stderr}`);
        assert.match(stderr, says, args.join(' '));
        assert.ok(!stderr.includes(WRONG_TOKEN), args.join(' '));
      }
    };
    await Promise.all(Array.from({ length: run === runHere ? 1 : AT_ONCE }, work));
  });
}

test('nothing that came with a wrong token was looked at', async () => {
  assert.deepEqual(await world.outbox.events({ limit: 10 }), []);
});

test('the help of every command has each of its options, its exit codes and an example', async () => {
  for (const command of createProgram(systemTerminal).commands) {
    const { code, stdout, stderr } = await runHere(command.name(), '--help');
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, command.name());
    for (const { long, hidden } of command.options) assert.ok(hidden || stdout.includes(long ?? '?'), `${command.name()} ${long ?? ''}`);
    assert.match(stdout, /\nExit codes: 0 [^]*\n\nExamples:\n {2}tocsin /, command.name());
  }
});

test('help goes to standard output without colours, and a command that is not there to standard error', async () => {
  const help = await runTocsin('--help');
  const typo = await runTocsin('replya');

  assert.deepEqual([help.code, help.stderr, help.stdout.includes('\u001b')], [0, '', false]);
  for (const command of createProgram(systemTerminal).commands) assert.match(help.stdout, new RegExp(`^ {2}${command.name()}\\b`, 'm'));
  assert.deepEqual([typo.code, typo.stdout], [2, '']);
  assert.match(typo.stderr, /replya/);
});
