// TLS keys of a Secret: `ca.crt`, `tls.crt` and `tls.key`, each with its older name. What is returned has been parsed once,
// so that a broken certificate is a configuration fault and not a failing connection.
import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { ConfigFault } from '../sdk/provider.ts';
import type { Connection } from '../sdk/transport.ts';
import type { SecretData } from './source.ts';

export type TlsMaterial = NonNullable<Connection['tls']>;

interface Pem {
  readonly name: string;
  readonly text: string;
}

/** TLS keys that must be there and complete, as in `certSecretRef`. */
export function requireTls(data: SecretData, secretName: string): TlsMaterial {
  const { ca, cert, key } = read(data);
  if (cert !== undefined && key === undefined)
    throw fault(`secret '${secretName}' contains '${cert.name}' but missing '${siblingOf(cert.name)}'`);
  if (key !== undefined && cert === undefined)
    throw fault(`secret '${secretName}' contains '${key.name}' but missing '${siblingOf(key.name)}'`);
  if (ca === undefined && cert === undefined) {
    throw fault(`secret '${secretName}' must contain either 'ca.crt' or both 'tls.crt' and 'tls.key'`);
  }
  return parse(ca, cert, key);
}

/** TLS keys beside the credentials in `secretRef`: incomplete ones count as absent, broken ones are a fault. */
export function findTls(data: SecretData): TlsMaterial | undefined {
  const { ca, cert, key } = read(data);
  const isIncomplete = (cert === undefined) !== (key === undefined);
  return isIncomplete || (ca === undefined && cert === undefined) ? undefined : parse(ca, cert, key);
}

function read(data: SecretData): { ca: Pem | undefined; cert: Pem | undefined; key: Pem | undefined } {
  return { ca: pick(data, 'ca.crt', 'caFile'), cert: pick(data, 'tls.crt', 'certFile'), key: pick(data, 'tls.key', 'keyFile') };
}

/** The modern name wins even where its value is broken. */
function pick(data: SecretData, ...names: readonly string[]): Pem | undefined {
  for (const name of names) {
    const value = data[name];
    if (value !== undefined && value.length > 0) return { name, text: Buffer.from(value).toString('utf8') };
  }
  return undefined;
}

function siblingOf(name: string): string {
  const siblings: Readonly<Record<string, string>> = {
    'tls.crt': 'tls.key',
    'tls.key': 'tls.crt',
    certFile: 'keyFile',
    keyFile: 'certFile',
  };
  return siblings[name] ?? name;
}

function parse(ca: Pem | undefined, cert: Pem | undefined, key: Pem | undefined): TlsMaterial {
  return {
    ...(ca === undefined ? {} : { ca: parseAuthorities(ca.text) }),
    ...(cert === undefined || key === undefined ? {} : parsePair(cert.text, key.text)),
  };
}

/** What can be read of the bundle counts, as in Go; nothing at all is a fault. */
function parseAuthorities(text: string): string {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const readable = blocks.filter(isCertificate);
  if (readable.length === 0) throw fault('failed to parse CA certificate');
  return `${readable.join('\n')}\n`;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    // Not a certificate is the answer.
    return false;
  }
}

function parsePair(cert: string, key: string): { cert: string; key: string } {
  try {
    createSecureContext({ cert, key });
    return { cert, key };
  } catch (error) {
    // OpenSSL's words name what is wrong, never what it read.
    const text = error instanceof Error ? error.message : String(error);
    throw new ConfigFault(`failed to get TLS config: failed to parse TLS certificate and key: ${text}`);
  }
}

function fault(message: string): ConfigFault {
  return new ConfigFault(`failed to get TLS config: ${message}`);
}
