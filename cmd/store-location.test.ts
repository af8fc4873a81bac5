import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { test } from 'node:test';
import { Command } from 'commander';
import { concealStore, describeStore, parseStore, refuseNoStore, type StoreLocation, storeOption, tokenPath } from './store-location.ts';

const POD = { KUBERNETES_SERVICE_HOST: '10.96.0.1' };

const named: readonly { name: string; text: string; shown: string; password?: string }[] = [
  { name: 'a file', text: 'sqlite:/data/outbox.db', shown: 'sqlite:/data/outbox.db' },
  { name: 'a database', text: 'postgres://tocsin@db/outbox', shown: 'postgres://db/outbox' },
  { name: 'the other scheme', text: 'postgresql://db:5433/outbox', shown: 'postgres://db:5433/outbox' },
  { name: 'a password', text: 'postgres://tocsin:geheim@db/outbox', shown: 'postgres://db/outbox', password: 'geheim' },
  { name: 'an encoded one', text: 'postgres://u:a%40b%2Fc@db/outbox', shown: 'postgres://db/outbox', password: 'a@b/c' },
  { name: 'a percent sign', text: 'postgres://u:100%@db/outbox', shown: 'postgres://db/outbox', password: '100%' },
  { name: 'one as a setting', text: 'postgres://db/outbox?password=geheim&user=u', shown: 'postgres://db/outbox', password: 'geheim' },
  { name: 'settings', text: 'postgres://u@db/outbox?sslmode=verify-full', shown: 'postgres://db/outbox' },
  { name: 'several hosts', text: 'postgres://u@one:5432,two:5433/outbox', shown: 'postgres://one:5432,two:5433/outbox' },
  { name: 'a socket', text: 'postgres:///outbox?host=/run/postgresql', shown: 'postgres:///run/postgresql/outbox' },
];

for (const { name, text, shown, password } of named) {
  test(`a store: ${name}`, () => {
    const store = parseStore(text);

    assert.equal(describeStore(store), shown);
    assert.equal(store.kind === 'postgres' ? store.password : undefined, password);
  });
}

for (const { name, text } of [
  { name: 'another kind', text: 'mysql://u:geheim@db/outbox' },
  { name: 'no database', text: 'postgres://u:geheim@db' },
  { name: 'an @ in the password', text: 'postgres://u:gehe@im@db/outbox' },
  { name: 'a / in the password', text: 'postgres://u:gehe/im@db/outbox' },
  { name: 'a # in the password', text: 'postgres://u:gehe#im@db/outbox' },
  { name: 'a file without a path', text: 'sqlite:' },
  { name: 'a password alone', text: 'geheim' },
]) {
  test(`no store: ${name}; it is refused without being shown`, () => {
    let shown = '';
    const command = refuseNoStore(new Command().addOption(storeOption('a store')))
      .exitOverride()
      .configureOutput({ writeErr: (part) => void (shown += part) })
      .action(() => assert.fail('it runs'));

    assert.throws(() => command.parse(['--store', text], { from: 'user' }), { exitCode: 2 });
    assert.match(shown, /--store names no store: write sqlite:PATH or postgres:/);
    assert.doesNotMatch(shown, /gehe/);
  });
}

test('the token of a file lies beside it', () => {
  assert.equal(tokenPath(parseStore('sqlite:/data/outbox.db')), '/data/outbox.db.admin-token');
});

test('the token of a database is found by all who name it, whoever they are there', () => {
  const one = pathOf('postgres://tocsin:geheim@db/outbox?sslmode=require');

  assert.ok(one.startsWith(`${homedir()}/.tocsin/postgres-`), one);
  assert.equal(pathOf('postgresql://other@db/outbox'), one);
  assert.notEqual(pathOf('postgres://tocsin@db/second'), one);
  assert.match(pathOf('postgres://db/outbox', POD), /^\/(tmp\/tocsin|data)\/postgres-/);
});

test('a command line shows neither user nor password of a database', () => {
  const shown = concealStore(['serve', '--store=postgres://u:geheim@db/outbox?sslmode=require', '--store', 'postgres://u:a@b@db/x']);

  assert.equal(shown, 'serve --store=postgres://db/outbox --store no store');
  assert.equal(concealStore(['serve', '--store', 'sqlite:a.db']), undefined);
});

test('a variable names the store, and is refused by its own name', () => {
  const before = process.env['TOCSIN_STORE'];
  try {
    assert.equal(describeStore(storeOf('postgres://u:geheim@db/outbox')), 'postgres://db/outbox');
    assert.throws(() => storeOf('geheim'), /TOCSIN_STORE names no store: (?!.*geheim)/);
  } finally {
    if (before === undefined) delete process.env['TOCSIN_STORE'];
    else process.env['TOCSIN_STORE'] = before;
  }
});

function pathOf(text: string, variables: NodeJS.ProcessEnv = {}): string {
  return tokenPath(parseStore(text), variables);
}

/** What a command without --store takes while the variable has this value. */
function storeOf(value: string): StoreLocation {
  process.env['TOCSIN_STORE'] = value;
  const command = refuseNoStore(new Command().addOption(storeOption('a store'))).exitOverride();
  command.configureOutput({ writeErr: () => undefined }).action(() => undefined);
  return command.parse([], { from: 'user' }).opts<{ readonly store: StoreLocation }>().store;
}
