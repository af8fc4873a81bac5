// The keys of the Secrets that Providers name: those that are missing or misspelt for the type, and those that only make
// sense together. Values are looked at and never repeated.
import type { FolderObject } from '../config/directory/read-folder.ts';
import { findTls } from '../credentials/tls-material.ts';
import { suggest } from '../dialects/flux/finding.ts';
import { ConfigFault, type ProviderDefinition } from '../sdk/provider.ts';
import { findingAt, type LintFinding, listed, type Path, placeOf } from './finding.ts';

/** A Secret as far as it can be read: SOPS leaves the keys in clear and hides the values. */
export interface SecretView {
  readonly object: FolderObject;
  readonly keys: readonly string[];
  /** undefined when the value cannot be known. */
  readonly valueOf: (key: string) => string | undefined;
}

const PAIR = ['username', 'password'] as const;
const APP_ID = 'githubAppID';
const APP_KEY = 'githubAppPrivateKey';
const INSTALLATION = ['githubAppInstallationID', 'githubAppInstallationOwner'] as const;
const TLS_PAIR = ['tls.crt', 'tls.key'] as const;
const TLS_KEYS = ['ca.crt', ...TLS_PAIR, 'caFile', 'certFile', 'keyFile'];
const REPLACED_KEYS: Readonly<Record<string, string>> = {
  caFile: 'Rename it to ca.crt.',
  certFile: 'Rename it to tls.crt.',
  keyFile: 'Rename it to tls.key.',
  proxy: 'Put the address of the proxy into a Secret of its own and name it in spec.proxySecretRef.',
};

/** Reads what can be read of a Secret; undefined for one that is broken, which is told as such. */
export function viewSecret(object: FolderObject): SecretView | undefined {
  const { secret, isEncrypted, raw } = object;
  if (secret !== null) {
    const { data } = secret;
    const valueOf = (key: string) => (Object.hasOwn(data, key) ? Buffer.from(data[key] ?? []).toString('utf8') : undefined);
    return { object, keys: Object.keys(data), valueOf };
  }
  if (!isEncrypted) return undefined;
  return { object, keys: [...keysOf(raw['data']), ...keysOf(raw['stringData'])], valueOf: () => undefined };
}

/** What is wrong with the Secret of `spec.secretRef` for a Provider of this type. */
export function findSecretFaults(provider: FolderObject, definition: ProviderDefinition, view: SecretView): LintFinding[] {
  const missing = missingKeys(provider, definition, view);
  const misspelt = missing.length > 0 ? [] : misspeltKeys(definition, view);
  const useless = missing.length + misspelt.length > 0 ? [] : uselessSecret(provider, definition, view);
  return [
    ...missing,
    ...misspelt,
    ...useless,
    ...badValues(definition, view),
    ...inconsistencies(definition, view),
    ...lineBreaks(definition, view),
  ];
}

/** Keys of a Secret, whatever names it, that have been replaced by others. */
export function findDeprecatedKeys({ object, keys }: SecretView): LintFinding[] {
  return keys.flatMap((key) => {
    const hint = Object.hasOwn(REPLACED_KEYS, key) ? REPLACED_KEYS[key] : undefined;
    if (hint === undefined) return [];
    return [
      findingAt(object, pathOf(object, key), {
        rule: 'deprecated-field',
        severity: 'warning',
        message: `the key ${key} is deprecated`,
        hint,
      }),
    ];
  });
}

function missingKeys(provider: FolderObject, definition: ProviderDefinition, { object, keys }: SecretView): LintFinding[] {
  return keysRequiredBy(definition)
    .filter((key) => !keys.includes(key))
    .map((key) => {
      const known = Object.keys(definition.secret.shape);
      const meant = suggest(
        key,
        keys.filter((present) => !known.includes(present)),
      );
      return findingAt(provider, ['spec', 'secretRef'], {
        rule: 'secret-keys',
        severity: 'error',
        message: `the Secret ${object.namespace}/${object.name} (${placeOf(object)}) has no key ${key}, which the type ${definition.type} needs`,
        hint: meant === undefined ? `Add it: ${describe(definition, key)}` : `Rename its key ${meant} to ${key}.`,
      });
    });
}

/** An absent key is required when the schema refuses undefined in its place. */
function keysRequiredBy({ secret }: ProviderDefinition): string[] {
  return Object.entries(secret.shape)
    .filter(([, field]) => !(field as { safeParse(value: unknown): { success: boolean } }).safeParse(undefined).success)
    .map(([key]) => key);
}

function misspeltKeys(definition: ProviderDefinition, { object, keys }: SecretView): LintFinding[] {
  const known = Object.keys(definition.secret.shape);
  const absent = known.filter((key) => !keys.includes(key));
  return keys.flatMap((key) => {
    if (known.includes(key) || TLS_KEYS.includes(key)) return [];
    const meant = suggest(key, absent);
    if (meant === undefined) return [];
    const message = `the type ${definition.type} reads no key ${key}`;
    return [findingAt(object, pathOf(object, key), { rule: 'secret-keys', severity: 'warning', message, hint: `Did you mean ${meant}?` })];
  });
}

function uselessSecret(provider: FolderObject, definition: ProviderDefinition, { object, keys }: SecretView): LintFinding[] {
  const known = Object.keys(definition.secret.shape);
  const isRead = (key: string) =>
    known.includes(key) || key === 'proxy' || (definition.capabilities.tlsFromSecret && TLS_KEYS.includes(key));
  if (keys.some(isRead)) return [];
  return [
    findingAt(provider, ['spec', 'secretRef'], {
      rule: 'secret-keys',
      severity: 'warning',
      message: `the Secret ${object.namespace}/${object.name} (${placeOf(object)}) has none of the keys that the type ${definition.type} reads`,
      hint: known.length === 0 ? 'This type reads no Secret: remove spec.secretRef.' : `It reads ${known.join(', ')}.`,
    }),
  ];
}

function badValues({ secret, type }: ProviderDefinition, { object, keys, valueOf }: SecretView): LintFinding[] {
  return Object.entries(secret.shape).flatMap(([key, field]) => {
    const value = keys.includes(key) ? valueOf(key) : undefined;
    if (value === undefined || (field as { safeParse(value: unknown): { success: boolean } }).safeParse(value).success) return [];
    const message = `the value of the key ${key} is not what the type ${type} expects`;
    const hint = (field as { description?: string }).description ?? 'See the reference of the type.';
    return [findingAt(object, pathOf(object, key), { rule: 'secret-keys', severity: 'error', message, hint })];
  });
}

type Inconsistency = Pick<LintFinding, 'message' | 'hint'> & { readonly key: string; readonly isFatal: boolean };

/** Flux would not even use the token of such a Secret; here the token is used and the rest is told. */
function inconsistencies(definition: ProviderDefinition, { object, keys, valueOf }: SecretView): LintFinding[] {
  const has = (key: string) => keys.includes(key) && valueOf(key) !== '';
  const faults = [...pairFaults(definition, has), ...appFaults(definition, has), ...tlsFaults(has), ...unreadTls(definition, object)];
  return faults.map(({ key, isFatal, message, hint }) =>
    findingAt(object, pathOf(object, key), { rule: 'inconsistent-secret', severity: isFatal ? 'error' : 'warning', message, hint }),
  );
}

type Has = (key: string) => boolean;

function pairFaults({ capabilities }: ProviderDefinition, has: Has): Inconsistency[] {
  const [present] = PAIR.filter(has);
  if (present === undefined || PAIR.every(has)) return [];
  const absent = present === 'username' ? 'password' : 'username';
  const isFatal = present === 'password' && !has('token') && capabilities.tlsFromSecret === true;
  const message = `the Secret has ${present} but no ${absent}, so ${isFatal ? 'the Provider cannot be used' : 'neither is used'}`;
  return [{ key: present, isFatal, message, hint: `Add ${absent}, or remove ${present}.` }];
}

function appFaults({ secret }: ProviderDefinition, has: Has): Inconsistency[] {
  const present = [APP_ID, APP_KEY, ...INSTALLATION].filter(has);
  const [first] = present;
  if (first === undefined) return [];
  const isFatal = Object.hasOwn(secret.shape, APP_ID) && !has('token') && !has('password');
  const fault = (key: string, message: string, hint: string): Inconsistency => ({ key, isFatal, message, hint });
  if (!has(APP_ID)) return [fault(first, `the Secret describes a GitHub App without ${APP_ID}`, `Add ${APP_ID}.`)];
  if (!has(APP_KEY)) return [fault(APP_ID, `the Secret describes a GitHub App without ${APP_KEY}`, `Add ${APP_KEY}.`)];
  const [id, owner] = INSTALLATION;
  if (has(id) && has(owner)) return [fault(owner, `the Secret has both ${id} and ${owner}`, 'Remove one of the two.')];
  if (has(id) || has(owner)) return [];
  return [fault(APP_ID, 'the Secret describes a GitHub App without an installation', `Add ${id} or ${owner}.`)];
}

function tlsFaults(has: Has): Inconsistency[] {
  const [present] = TLS_PAIR.filter(has);
  if (present === undefined || TLS_PAIR.every(has)) return [];
  const absent = present === 'tls.crt' ? 'tls.key' : 'tls.crt';
  const message = `the Secret has ${present} but no ${absent}, so neither is used`;
  return [{ key: present, isFatal: false, message, hint: `Add ${absent}, or remove ${present}.` }];
}

/** TLS keys that the type does not look at; where it does, using them fails. */
function unreadTls({ capabilities }: ProviderDefinition, { secret }: FolderObject): Inconsistency[] {
  if (secret === null || capabilities.tlsFromSecret) return [];
  try {
    findTls(secret.data);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigFault)) throw error;
    const key = TLS_KEYS.find((name) => Object.hasOwn(secret.data, name)) ?? 'ca.crt';
    const message = 'the certificates of the Secret cannot be read; this type does not need them, but Flux would not even use its token';
    return [{ key, isFatal: false, message, hint: 'Remove them, or put good ones into a Secret of spec.certSecretRef.' }];
  }
}

/** Tokens are used byte by byte, and base64 of what an editor saved ends with a line break. */
function lineBreaks({ secret, type }: ProviderDefinition, { object, keys, valueOf }: SecretView): LintFinding[] {
  return ['token', ...PAIR].flatMap((key) => {
    if (!keys.includes(key) || !Object.hasOwn(secret.shape, key) || !/[\r\n]$/.test(valueOf(key) ?? '')) return [];
    const message = `the value of the key ${key} ends with a line break, which the type ${type} takes for a part of it`;
    const hint = 'Write it without one; with base64 encode the output of printf, not of echo.';
    return [findingAt(object, pathOf(object, key), { rule: 'secret-keys', severity: 'warning', message, hint })];
  });
}

/** Where a key of a Secret stands. */
export function pathOf({ raw }: FolderObject, key: string): Path {
  return [keysOf(raw['stringData']).includes(key) ? 'stringData' : 'data', key];
}

function keysOf(part: unknown): string[] {
  return typeof part === 'object' && part !== null && !Array.isArray(part) ? Object.keys(part) : [];
}

function describe({ secret }: ProviderDefinition, key: string): string {
  const field: unknown = secret.shape[key];
  const description = typeof field === 'object' && field !== null && 'description' in field ? field.description : undefined;
  return typeof description === 'string' ? description : listed([key]);
}
