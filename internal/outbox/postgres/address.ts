// Reads the address of a database as libpq writes it. What it says about an address never shows a password.
import { readFileSync } from 'node:fs';
import { StoreError } from '../store.ts';

const FORM = /^postgres(?:ql)?:\/\/(?:(?<login>[^@/?#]*)@)?(?<hosts>[^@/?#]*)(?:\/(?<name>[^/?#]*))?(?:\?(?<query>[^#]*))?$/;
const DEFAULT_PORT = 5432;
const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const;
const SETTINGS = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'host', 'port', 'user', 'password', 'dbname', 'application_name'];
/** Taken by libpq; they change nothing here, or only what is done anyway. */
const IGNORED = ['connect_timeout', 'keepalives', 'keepalives_idle', 'target_session_attrs', 'channel_binding', 'uselibpqcompat'];

/** How the connection is protected: `prefer` takes what the server offers. */
export type SslMode = (typeof SSL_MODES)[number];

export interface Host {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
}

/** Where a database is, and as whom to ask it. */
export interface Address {
  readonly hosts: readonly Host[];
  readonly database?: string;
  readonly user?: string;
  readonly password?: string;
  readonly applicationName: string;
  readonly sslMode: SslMode;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** `host:port/database`, for messages. */
  readonly place: string;
}

/** Reads `postgres://…`; throws StoreError about what it cannot read, without showing it. */
export function parseAddress(url: string): Address {
  const {
    login = '',
    hosts: hostText = '',
    name = '',
    query,
  } = FORM.exec(url)?.groups ?? refuse('it has not the form postgres://USER@HOST/DATABASE');
  const settings = new URLSearchParams(query);
  for (const setting of settings.keys()) {
    if (!SETTINGS.includes(setting) && !IGNORED.includes(setting)) refuse(`it has the setting ${setting}, which is not known here`);
  }
  const [user = '', ...rest] = login.split(':');
  const database = decode(name) || settings.get('dbname') || undefined;
  const hosts = toHosts(settings.get('host') ?? hostText, settings.get('port'));
  const password = settings.get('password') ?? decode(rest.join(':'));
  return {
    hosts,
    applicationName: settings.get('application_name') ?? 'tocsin',
    sslMode: toSslMode(settings.get('sslmode') ?? 'prefer'),
    place: `${hosts.map(({ host, port }) => `${host}:${port}`).join(',')}/${database ?? ''}`,
    ...withValue('database', database),
    ...withValue('user', decode(user) || settings.get('user')),
    ...withValue('password', password),
    ...withValue('ca', readPem(settings, 'sslrootcert')),
    ...withValue('cert', readPem(settings, 'sslcert')),
    ...withValue('key', readPem(settings, 'sslkey')),
  };
}

function toHosts(text: string, ports: string | null): readonly Host[] {
  const listed = ports?.split(',') ?? [];
  return text.split(',').map((one, index) => {
    const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(decode(one)) ?? refuse('one of its hosts cannot be read');
    const asked = Number(port ?? listed[index] ?? listed[0] ?? DEFAULT_PORT);
    if (!Number.isInteger(asked) || asked < 1 || asked > 65_535) refuse('one of its ports is no port');
    return { host: host.replace(/^\[|\]$/g, '') || 'localhost', port: asked };
  });
}

function toSslMode(text: string): SslMode {
  return SSL_MODES.find((mode) => mode === text) ?? refuse(`its sslmode is none of ${SSL_MODES.join(', ')}`);
}

function readPem(settings: URLSearchParams, name: string): string | undefined {
  const path = settings.get(name);
  if (path === null || path === 'system') return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new StoreError('io', `the file ${path}, which the address of the store names as ${name}, cannot be read`, { cause: error });
  }
}

function withValue<K extends string>(name: K, value: string | null | undefined): Partial<Record<K, string>> {
  return value === null || value === undefined || value === '' ? {} : ({ [name]: value } as Record<K, string>);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that stands for itself.
    return text;
  }
}

function refuse(why: string): never {
  throw new StoreError('io', `the address of the PostgreSQL store cannot be used: ${why}`);
}
