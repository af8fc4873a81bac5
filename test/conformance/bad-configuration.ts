// What people get wrong in a Provider and its Secret. Each fault is made from a type's own example, so that a new type is
// tried with all of them without a line of its own.
import type { ProviderDefinition, ProviderExample } from '../../internal/sdk/provider.ts';

type Texts = Readonly<Record<string, string>>;

/** A configuration that is wrong, or at least odd. */
export interface BadConfiguration {
  /** What was done to the example. */
  readonly fault: string;
  readonly spec: Readonly<Record<string, unknown>>;
  /** undefined = the Secret that the Provider names does not exist. */
  readonly secret: Texts | undefined;
}

/** Stands where a credential stands, and must never be shown. */
export const CANARY = 'c4nary-cr3dential';

const ADDRESSES: readonly (readonly [fault: string, change: (host: string, rest: string) => string])[] = [
  ['address: empty', () => ''],
  ['address: without a scheme', (host, rest) => `${host}${rest}`],
  ['address: scheme ftp', (host, rest) => `ftp://${host}${rest}`],
  ['address: with user info', (host, rest) => `https://user:${CANARY}@${host}${rest}`],
  ['address: with a port', (host, rest) => `https://${host}:8443${rest}`],
  ['address: port out of range', (host, rest) => `https://${host}:99999${rest}`],
  ['address: IPv6 with a port', (_host, rest) => `https://[2001:db8::1]:8443${rest}`],
  ['address: IPv6 without brackets', (_host, rest) => `https://2001:db8::1${rest}`],
  ['address: a blank inside', (host, rest) => `https://${host} x${rest}`],
  ['address: a line break at its end', (host, rest) => `https://${host}${rest}\n`],
];

const CHANNELS: readonly (readonly [fault: string, change: (channel: string) => string])[] = [
  ['channel: empty', () => ''],
  ['channel: blank', () => ' '],
  ['channel: a line break', (channel) => `${channel}\nX-Injected: 1`],
  ['channel: odd characters', (channel) => `${channel}/../ü?x=1&y#z%zz "'<>`],
  ['channel: right to left and zero width', (channel) => `\u202e${channel}\u200b\u05d0`],
  ['channel: 500 characters', (channel) => channel.padEnd(500, 'x')],
];

/** Everything that can be wrong with this example; empty where there is nothing to get wrong. */
export function badConfigurations(definition: ProviderDefinition, example: ProviderExample): readonly BadConfiguration[] {
  const keys = Object.keys(definition.secret.shape);
  return [
    ...badSecrets(example, keys),
    ...(Object.hasOwn(definition.config.shape, 'address') ? badAddresses(example) : []),
    ...(Object.hasOwn(definition.config.shape, 'channel') ? badChannels(example) : []),
  ];
}

function badSecrets({ spec, secret }: ProviderExample, keys: readonly string[]): BadConfiguration[] {
  if (secret === undefined) return [];
  const entries = Object.entries(secret);
  return [
    { fault: 'Secret: not there', spec, secret: undefined },
    { fault: 'Secret: without keys', spec, secret: {} },
    { fault: 'Secret: keys of another spelling', spec, secret: Object.fromEntries(entries.map(([key, text]) => [`my-${key}`, text])) },
    ...entries.flatMap(([key, text]) => [
      { fault: `Secret: ${key} empty`, spec, secret: { ...secret, [key]: '' } },
      { fault: `Secret: ${key} with a line break at its end`, spec, secret: { ...secret, [key]: `${text}\n` } },
      { fault: `Secret: ${key} with a line break inside`, spec, secret: { ...secret, [key]: `${text.slice(0, 3)}\r\n${text.slice(3)}` } },
    ]),
    ...['username', 'password']
      .filter((key) => keys.includes(key))
      .map((key) => ({ fault: `Secret: a ${key} without its other half`, spec, secret: { ...withoutLogin(secret), [key]: CANARY } })),
  ];
}

function withoutLogin(secret: Texts): Texts {
  return Object.fromEntries(Object.entries(secret).filter(([key]) => !['username', 'password', 'token'].includes(key)));
}

function badAddresses({ spec, secret }: ProviderExample): BadConfiguration[] {
  const inSecret = secret !== undefined && Object.hasOwn(secret, 'address');
  const written = inSecret ? secret['address'] : spec['address'];
  const { host, rest } = split(typeof written === 'string' ? written : '');
  return ADDRESSES.map(([fault, change]) => {
    const address = change(host, rest);
    return inSecret ? { fault, spec, secret: { ...secret, address } } : { fault, spec: { ...spec, address }, secret: secret ?? {} };
  });
}

/** Where the address is none (a project, a connection string) one of a webhook is put there by mistake. */
function split(address: string): { readonly host: string; readonly rest: string } {
  const [, host = 'hooks.example.com', rest = '/services/T000'] = /^[a-z]+:\/\/(?:[^/@]*@)?([^/:]+)(?::\d+)?(.*)$/.exec(address) ?? [];
  return { host, rest };
}

function badChannels({ spec, secret = {} }: ProviderExample): BadConfiguration[] {
  const channel = typeof spec['channel'] === 'string' ? spec['channel'] : 'general';
  return CHANNELS.map(([fault, change]) => ({ fault, spec: { ...spec, channel: change(channel) }, secret }));
}
