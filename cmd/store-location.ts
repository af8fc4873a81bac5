// Where the outbox is: an SQLite file or a PostgreSQL database, as `--store` names it.
//
// The address of a database may hold a password. It is never echoed: what is no store is refused without being shown, and on a
// command line it is taken out of what others see of this process.
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Command, Option } from 'commander';
import { DEFAULT_STORE_WORDS, defaultFile, defaultStore } from './default-store.ts';

/** `invalid` names no store; what was written is not kept. */
export type StoreLocation = { readonly kind: 'sqlite'; readonly path: string } | DatabaseLocation | { readonly kind: 'invalid' };

/** A PostgreSQL database. */
export interface DatabaseLocation {
  readonly kind: 'postgres';
  readonly url: string;
  /** `host:port/database`, which is no secret. */
  readonly place: string;
  readonly password?: string;
}

const HOW_TO_NAME_ONE = 'write sqlite:PATH or postgres://USER@HOST/DATABASE; in a password write %40 for @, %2F for / and %23 for #';
const DATABASE = /^postgres(?:ql)?:\/\/(?:(?<login>[^@/?#]*)@)?(?<host>[^@/?#]*)\/(?<name>[^/?#]+)(?:\?(?<query>[^#]*))?$/;
const DATABASE_IN_TEXT = /\bpostgres(?:ql)?:\/\/\S+/g;

/** Reads `sqlite:PATH`, `postgres://…` or `postgresql://…`. */
export function parseStore(text: string): StoreLocation {
  const path = /^sqlite:(.+)$/.exec(text)?.[1];
  if (path !== undefined) return { kind: 'sqlite', path };
  const { login = '', host = '', name, query } = DATABASE.exec(text)?.groups ?? {};
  if (name === undefined) return { kind: 'invalid' };
  const settings = new URLSearchParams(query);
  const password = settings.get('password') ?? decode(/:(.*)$/.exec(login)?.[1] ?? '');
  return {
    kind: 'postgres',
    url: text,
    place: `${settings.get('host') ?? decode(host)}/${name}`,
    ...(password === '' ? {} : { password }),
  };
}

/** The option `--store` of a command, which also has to `refuseNoStore`. */
export function storeOption(description: string): Option {
  return new Option('--store <store>', description)
    .default(parseStore(defaultStore(process.env)), DEFAULT_STORE_WORDS)
    .argParser(parseStore);
}

/** What is no store ends the command before it does anything. */
export function refuseNoStore(command: Command): Command {
  return command.hook('preAction', () => {
    if (command.opts<{ readonly store: StoreLocation }>().store.kind !== 'invalid') return;
    const origin = command.getOptionValueSource('store') === 'default' ? 'TOCSIN_STORE' : '--store';
    command.error(`error: ${origin} names no store: ${HOW_TO_NAME_ONE}`, { exitCode: 2 });
  });
}

/** The store as logs and answers name it: a database without user, password and settings. */
export function describeStore(store: StoreLocation): string {
  if (store.kind === 'postgres') return `postgres://${store.place}`;
  return store.kind === 'sqlite' ? `sqlite:${store.path}` : 'no store';
}

/**
 * Where the admin token of a store lies: beside a file, and for a database in a folder of this machine, where the servers and
 * commands of one user find the same one.
 */
export function tokenPath(store: StoreLocation, variables: NodeJS.ProcessEnv = process.env): string {
  if (store.kind === 'sqlite') return `${store.path}.admin-token`;
  const folder = variables['KUBERNETES_SERVICE_HOST'] ? dirname(defaultFile(variables)) : join(homedir(), '.tocsin');
  const id = createHash('sha256').update(describeStore(store)).digest('hex').slice(0, 16);
  return join(folder, `postgres-${id}.admin-token`);
}

/** A command line with the addresses of databases as they may be shown; undefined when there is nothing to hide. */
export function concealStore(words: readonly string[]): string | undefined {
  const text = words.join(' ');
  const concealed = text.replaceAll(DATABASE_IN_TEXT, (address) => describeStore(parseStore(address)));
  return concealed === text ? undefined : concealed;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that stands for itself.
    return text;
  }
}
