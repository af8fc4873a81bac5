// From a Target and its Secrets to what an attempt needs: the resolved configuration and how its requests travel.
// Every value of a Secret that is read is registered for redaction before anything else sees it; faults show none.
// Nothing is parsed again while neither the Target nor its Secrets changed.
import { isUtf8 } from 'node:buffer';
import { LRUCache } from 'lru-cache';
import type { Target } from '../routing/route.ts';
import { type ResolvedTarget, SecretUnavailable } from '../sdk/credentials.ts';
import { ConfigFault, DEFAULT_CONCURRENCY, type ProviderDefinition } from '../sdk/provider.ts';
import type { Connection, Redactor } from '../sdk/transport.ts';
import { parseHeaders } from './headers-yaml.ts';
import { isProxyAddress, proxyFromSecret } from './proxy-address.ts';
import {
  sensitivePartsOfHeaders,
  sensitivePartsOfJson,
  sensitivePartsOfProxy,
  sensitivePartsOfSecretAddress,
  sensitivePartsOfSpecAddress,
} from './sensitive.ts';
import type { SecretData, SecretSource } from './source.ts';
import { findTls, requireTls, type TlsMaterial } from './tls-material.ts';

export interface Resolver {
  /** Rejects with ConfigFault (a person must act) or SecretUnavailable (ask again later). */
  resolve(target: Target): Promise<ResolvedTarget>;
}

export interface ResolverOptions {
  readonly secrets: SecretSource;
  readonly redactor: Redactor;
  readonly featureGates: { readonly objectLevelWorkloadIdentity: boolean };
}

const MAX_CACHED_TARGETS = 20_000;
const MAX_ADDRESS_BYTES = 2048;
/** Keys with a meaning of their own; the others that a definition declares are handed over as they are. */
const WELL_KNOWN: ReadonlySet<string> = new Set([
  'address',
  'proxy',
  'headers',
  'token',
  'username',
  'password',
  'ca.crt',
  'tls.crt',
  'tls.key',
  'caFile',
  'certFile',
  'keyFile',
]);

/** The Secrets that a Target refers to, as they were read. */
interface Secrets {
  readonly main: NamedSecret | undefined;
  readonly cert: NamedSecret | undefined;
  readonly proxy: NamedSecret | undefined;
}

interface NamedSecret {
  /** `namespace/name` */
  readonly name: string;
  readonly data: SecretData;
}

interface Cached {
  readonly hash: string;
  readonly secrets: Secrets;
  readonly resolved: ResolvedTarget;
  readonly sensitive: readonly string[];
}

export function createResolver({ secrets: source, redactor, featureGates }: ResolverOptions): Resolver {
  const cache = new LRUCache<string, Cached>({ max: MAX_CACHED_TARGETS });

  return {
    async resolve(target) {
      const { spec } = target;
      if (target.definition === null) throw new ConfigFault(`provider ${JSON.stringify(target.type)} not supported`);
      if (spec.serviceAccountName !== undefined && spec.serviceAccountName !== '' && !featureGates.objectLevelWorkloadIdentity) {
        throw new ConfigFault(
          'to use spec.serviceAccountName for provider authentication please enable the ObjectLevelWorkloadIdentity feature gate in the controller',
        );
      }
      const secrets = await readSecrets(source, target);
      const cached = cache.get(target.key);
      if (cached !== undefined && cached.hash === target.hash && isSame(cached.secrets, secrets)) {
        // The redactor forgets what was not added for long.
        for (const value of cached.sensitive) redactor.add(value);
        return cached.resolved;
      }
      const sensitive = new Set<string>();
      const conceal = (value: string): void => {
        sensitive.add(value);
        redactor.add(value);
      };
      const resolved = resolveTarget(target, target.definition, secrets, conceal);
      cache.set(target.key, { hash: target.hash, secrets, resolved, sensitive: [...sensitive] });
      return resolved;
    },
  };
}

type Conceal = (value: string) => void;

function resolveTarget(target: Target, definition: ProviderDefinition, secrets: Secrets, conceal: Conceal): ResolvedTarget {
  const { spec } = target;
  concealSecrets(secrets, definition, conceal);
  const address = addressOf(spec.address ?? '', secrets.main, conceal);
  const proxyUrl = proxyOf(target, secrets, conceal);
  const headers = headersOf(secrets.main, conceal);
  const credentials = credentialsOf(spec.username ?? '', secrets.main, definition);
  const tls = tlsOf(secrets, definition);
  const connection: Connection = {
    pool: target.key,
    concurrency: definition.capabilities.concurrency ?? DEFAULT_CONCURRENCY,
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
    ...(tls === undefined ? {} : { tls }),
  };
  const config = {
    address,
    channel: spec.channel ?? '',
    ...credentials,
    ...tokenBytesOf(secrets.main),
    ...(spec.serviceAccountName === undefined ? {} : { serviceAccountName: spec.serviceAccountName }),
    headers,
    secret: declaredKeys(secrets.main, definition),
    annotations: target.annotations,
    ...(tls === undefined ? {} : { hasTls: true }),
  };
  return { config, connection };
}

async function readSecrets(source: SecretSource, { ref, spec }: Target): Promise<Secrets> {
  const read = (name: string | undefined): Promise<NamedSecret> | undefined =>
    name === undefined || name === '' ? undefined : readSecret(source, ref.namespace, name);
  const main = await read(spec.secretRef);
  const cert = await read(spec.certSecretRef);
  return { main, cert, proxy: await read(spec.proxySecretRef) };
}

async function readSecret(source: SecretSource, namespace: string, name: string): Promise<NamedSecret> {
  const fullName = `${namespace}/${name}`;
  let data: SecretData | undefined;
  try {
    data = await source.get(namespace, name);
  } catch (error) {
    if (error instanceof ConfigFault || error instanceof SecretUnavailable) throw error;
    throw new SecretUnavailable(`failed to get secret '${fullName}'`, { cause: error });
  }
  if (data === undefined) throw new ConfigFault(`failed to get secret '${fullName}': secrets "${name}" not found`);
  return { name: fullName, data };
}

/** Before anything is parsed, so that not even the text of a fault is out of reach. Certificates are public. */
function concealSecrets({ main, cert, proxy }: Secrets, definition: ProviderDefinition, conceal: Conceal): void {
  const keys = ['token', 'username', 'password', 'tls.key', 'keyFile', ...Object.keys(definition.secret.shape)];
  for (const key of new Set(keys)) {
    const value = textOf(main, key);
    if (value === undefined || isOpen(key)) continue;
    concealTrimmed(value, conceal);
    for (const part of sensitivePartsOfJson(value)) concealTrimmed(part, conceal);
  }
  for (const key of ['tls.key', 'keyFile']) concealTrimmed(textOf(cert, key) ?? '', conceal);
  for (const key of ['username', 'password']) concealTrimmed(textOf(proxy, key) ?? '', conceal);
}

/** Keys whose value is public or whose parts are registered one by one. */
function isOpen(key: string): boolean {
  return ['ca.crt', 'tls.crt', 'caFile', 'certFile', 'address', 'proxy', 'headers'].includes(key);
}

function concealTrimmed(value: string, conceal: Conceal): void {
  if (value === '') return;
  conceal(value);
  if (value !== value.trim()) conceal(value.trim());
}

function addressOf(fromSpec: string, main: NamedSecret | undefined, conceal: Conceal): string {
  const bytes = main?.data['address'];
  if (bytes === undefined) {
    sensitivePartsOfSpecAddress(fromSpec).forEach(conceal);
    return fromSpec;
  }
  if (bytes.length > MAX_ADDRESS_BYTES) {
    throw new ConfigFault(`invalid address in secret: address exceeds maximum length of ${MAX_ADDRESS_BYTES} bytes`);
  }
  const address = Buffer.from(bytes).toString('utf8').trim();
  sensitivePartsOfSecretAddress(address).forEach(conceal);
  return address;
}

function proxyOf({ spec }: Target, { main, proxy }: Secrets, conceal: Conceal): string | undefined {
  const fromSecret = textOf(main, 'proxy')?.trim();
  // Also where another source wins: what a Secret says must be right, or its owner hears of it.
  if (fromSecret !== undefined && fromSecret !== '' && !isProxyAddress(fromSecret)) {
    conceal(fromSecret);
    throw new ConfigFault(`invalid 'proxy' in secret '${main?.name ?? ''}'`);
  }
  const chosen = proxy === undefined ? (fromSecret ?? spec.proxy ?? '') : proxyFromSecret(proxy.data, proxy.name);
  if (chosen === '') return undefined;
  if (!isProxyAddress(chosen)) throw new ConfigFault('unable to parse proxy URL');
  sensitivePartsOfProxy(chosen).forEach(conceal);
  return chosen;
}

function headersOf(main: NamedSecret | undefined, conceal: Conceal): Readonly<Record<string, string>> {
  const text = textOf(main, 'headers');
  if (text === undefined) return {};
  try {
    const headers = parseHeaders(text);
    sensitivePartsOfHeaders(headers).forEach(conceal);
    return headers;
  } catch (error) {
    throw new ConfigFault(`failed to read headers from secret: ${error instanceof Error ? error.message : 'not YAML'}`, { cause: error });
  }
}

function credentialsOf(
  usernameOfSpec: string,
  main: NamedSecret | undefined,
  definition: ProviderDefinition,
): { username: string; password: string; token: string } {
  const token = textOf(main, 'token') ?? '';
  const username = textOf(main, 'username');
  const password = textOf(main, 'password');
  const isPair = username !== undefined && password !== undefined;
  // Without a token nothing usable is left, and a type that would ask without credentials should say so instead.
  if (password !== undefined && !isPair && token === '' && definition.capabilities.tlsFromSecret) {
    throw new ConfigFault(`secret '${main?.name ?? ''}': malformed basic auth - has 'password' but missing 'username'`);
  }
  return {
    username: isPair ? username : usernameOfSpec,
    password: isPair ? password : '',
    token: token === '' && isPair && definition.capabilities.passwordAsToken ? password : token,
  };
}

/** A signature is made with the bytes of the key, which text would change. */
function tokenBytesOf(main: NamedSecret | undefined): { readonly tokenBytes?: Uint8Array } {
  const bytes = main !== undefined && Object.hasOwn(main.data, 'token') ? main.data['token'] : undefined;
  return bytes === undefined || isUtf8(bytes) ? {} : { tokenBytes: bytes };
}

function tlsOf({ main, cert }: Secrets, definition: ProviderDefinition): TlsMaterial | undefined {
  if (cert !== undefined) return requireTls(cert.data, cert.name);
  return main === undefined || !definition.capabilities.tlsFromSecret ? undefined : findTls(main.data);
}

function declaredKeys(main: NamedSecret | undefined, definition: ProviderDefinition): Readonly<Record<string, string>> {
  const keys = Object.keys(definition.secret.shape).filter((key) => !WELL_KNOWN.has(key));
  const entries = keys.flatMap((key) => {
    const value = textOf(main, key);
    return value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(entries);
}

function textOf(secret: NamedSecret | undefined, key: string): string | undefined {
  const data = secret?.data;
  return data !== undefined && Object.hasOwn(data, key) ? Buffer.from(data[key] ?? []).toString('utf8') : undefined;
}

function isSame(left: Secrets, right: Secrets): boolean {
  return isSameSecret(left.main, right.main) && isSameSecret(left.cert, right.cert) && isSameSecret(left.proxy, right.proxy);
}

/** A source that hands out the same object as long as nothing changed is cheapest; else the bytes decide. */
function isSameSecret(left: NamedSecret | undefined, right: NamedSecret | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  if (left.data === right.data) return true;
  const names = Object.keys(left.data);
  return (
    names.length === Object.keys(right.data).length &&
    names.every(
      (name) =>
        Object.hasOwn(right.data, name) && Buffer.compare(left.data[name] ?? Buffer.alloc(0), right.data[name] ?? Buffer.alloc(0)) === 0,
    )
  );
}
