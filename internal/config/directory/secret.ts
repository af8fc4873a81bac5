// Secret manifests. What is said about one names its keys and never a value.
import { createHash } from 'node:crypto';
import type { SecretData } from '../../credentials/source.ts';
import { type Fields, type Finding, isFields } from '../manifest.ts';

/** A Secret's bytes, and a digest that changes when any of them does. */
export interface Secret {
  readonly data: SecretData;
  readonly digest: string;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const KEY = /^[-._a-zA-Z0-9]{1,253}$/;
const SOPS_VALUE = /^ENC\[/;
const SOPS_HINT = 'Decrypt it first (for example with `sops decrypt` or by Flux), or give the values as files with --secrets.';

/** True for the manifest of a Secret. */
export function isSecret(raw: Fields): boolean {
  return raw['kind'] === 'Secret' && (raw['apiVersion'] === 'v1' || raw['apiVersion'] === undefined);
}

/** True for a manifest whose values SOPS has encrypted. */
export function isSopsEncrypted(raw: Fields): boolean {
  if (isFields(raw['sops'])) return true;
  return [raw['data'], raw['stringData']].some(
    (part) => isFields(part) && Object.values(part).some((value) => typeof value === 'string' && SOPS_VALUE.test(value)),
  );
}

/** The finding for a manifest that SOPS has encrypted. */
export function sopsFinding(kind: string): Finding {
  return { path: [], message: `this ${kind} is encrypted with SOPS`, hint: SOPS_HINT, severity: 'error', rule: 'encrypted' };
}

/** Decodes `data` and lays `stringData` over it, as the API server does. */
export function toSecret(raw: Fields): { readonly secret: Secret | null; readonly findings: readonly Finding[] } {
  if (isSopsEncrypted(raw)) return { secret: null, findings: [sopsFinding('Secret')] };
  const values = new Map<string, Uint8Array>();
  const findings: Finding[] = [
    ...(raw['apiVersion'] === 'v1' ? [] : [error(['apiVersion'], 'apiVersion is required', 'Write apiVersion: v1.')]),
    ...readPart(raw, 'data', (key, text) => {
      // Line breaks are part of what base64 prints; decoders skip them.
      const compact = text.replaceAll(/[\r\n]/g, '');
      if (!BASE64.test(compact))
        return error(['data', key], `data.${key} is not base64`, 'Encode the value, or write it as it is under stringData.');
      values.set(key, Buffer.from(compact, 'base64'));
      return undefined;
    }),
    ...readPart(raw, 'stringData', (key, text) => {
      values.set(key, Buffer.from(text));
      return undefined;
    }),
  ];
  return findings.length > 0 ? { secret: null, findings } : { secret: toStored(values), findings };
}

/** A Secret from its keys and values. */
export function toStored(values: ReadonlyMap<string, Uint8Array>): Secret {
  const data = Object.create(null) as Record<string, Uint8Array>;
  const digest = createHash('sha256');
  for (const key of [...values.keys()].sort()) {
    const value = values.get(key) ?? new Uint8Array();
    data[key] = value;
    digest.update(`${key.length}:${key}:${value.length}:`).update(value);
  }
  return { data, digest: digest.digest('base64') };
}

function readPart(raw: Fields, part: 'data' | 'stringData', read: (key: string, text: string) => Finding | undefined): Finding[] {
  const pairs = raw[part];
  if (pairs === undefined || pairs === null) return [];
  if (!isFields(pairs)) return [error([part], `${part} must be a mapping`, 'Write the keys on lines below it, such as token: value.')];
  return Object.entries(pairs).flatMap(([key, value]) => {
    // A mistake of indentation can turn a value into a key, so a key that cannot be one is not repeated.
    if (!KEY.test(key))
      return [error([part], `${part} has a key that is not valid`, 'A key has at most 253 letters, digits, dashes, dots or underscores.')];
    if (typeof value !== 'string' && value !== null)
      return [error([part, key], `${part}.${key} must be a string`, 'Put the value in quotes.')];
    return read(key, value ?? '') ?? [];
  });
}

function error(path: readonly (string | number)[], message: string, hint: string): Finding {
  return { path, message, hint, severity: 'error' };
}
