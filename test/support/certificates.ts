// A certificate authority for tests, in plain node:crypto: no openssl command and no package is needed.
// Everything it makes protects nothing and dies with the process.
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate with its private key, both PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateAuthority {
  /** The authority's own certificate, PEM. */
  readonly cert: string;
  /** A server certificate for these DNS names and IP addresses. */
  issueServer(names: readonly string[]): Identity;
  /** A client certificate whose subject has this common name. */
  issueClient(commonName: string): Identity;
}

/** Makes an authority of its own key; two of them do not trust one another. */
export function createCertificateAuthority(commonName: string): CertificateAuthority {
  const keys = newKeyPair();
  const der = certificate({
    subject: commonName,
    issuer: commonName,
    publicKey: keys.publicKey,
    signer: keys.privateKey,
    extensions: [extension('2.5.29.19', true, sequence(BOOLEAN_TRUE)), extension('2.5.29.15', true, bits(0x06, 1))],
  });
  const issue = (subject: string, usage: string, names: readonly string[]): Identity => {
    const own = newKeyPair();
    const extensions = [extension('2.5.29.15', true, bits(0xa0, 5)), extension('2.5.29.37', false, sequence(oid(usage)))];
    if (names.length > 0) extensions.push(extension('2.5.29.17', false, sequence(...names.map(generalName))));
    const leaf = certificate({ subject, issuer: commonName, publicKey: own.publicKey, signer: keys.privateKey, extensions });
    return { cert: pem(leaf), key: own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  };
  return {
    cert: pem(der),
    issueServer: (names) => issue(names[0] ?? 'server', '1.3.6.1.5.5.7.3.1', names),
    issueClient: (subject) => issue(subject, '1.3.6.1.5.5.7.3.2', []),
  };
}

/** A fresh RSA private key as PKCS#1 PEM, the form in which GitHub hands out App keys. */
export function newRsaKeyPem(): string {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
}

interface CertificateFields {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly extensions: readonly Buffer[];
}

const DAY_MS = 86_400_000;
const BOOLEAN_TRUE = Buffer.from([0x01, 0x01, 0xff]);
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';

function certificate(fields: CertificateFields): Buffer {
  const now = Date.now();
  // The authority's key identifies itself by hash, so that chains of equally named authorities are told apart.
  const subjectKeyId = extension('2.5.29.14', false, element(0x04, keyId(fields.publicKey)));
  const issuerKeyId = extension('2.5.29.35', false, sequence(element(0x80, keyId(createPublicKey(fields.signer)))));
  const body = sequence(
    element(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    sequence(oid(ECDSA_WITH_SHA256)),
    distinguishedName(fields.issuer),
    sequence(time(now - DAY_MS), time(now + 365 * DAY_MS)),
    distinguishedName(fields.subject),
    fields.publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa3, sequence(...fields.extensions, subjectKeyId, issuerKeyId)),
  );
  const signature = sign('sha256', body, fields.signer);
  return sequence(body, sequence(oid(ECDSA_WITH_SHA256)), element(0x03, Buffer.concat([Buffer.from([0]), signature])));
}

function newKeyPair(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
}

function pem(der: Buffer): string {
  return new X509Certificate(der).toString();
}

function distinguishedName(commonName: string): Buffer {
  return sequence(element(0x31, sequence(oid('2.5.4.3'), element(0x0c, Buffer.from(commonName)))));
}

function generalName(host: string): Buffer {
  if (isIP(host) === 4) return element(0x87, Buffer.from(host.split('.').map(Number)));
  return element(0x82, Buffer.from(host, 'latin1'));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [BOOLEAN_TRUE] : []), element(0x04, value));
}

function bits(value: number, unused: number): Buffer {
  return element(0x03, Buffer.from([unused, value]));
}

function time(atMs: number): Buffer {
  const text = new Date(atMs).toISOString().replace(/[-:T]/g, '');
  return element(0x17, Buffer.from(`${text.slice(2, 14)}Z`));
}

function integer(value: Buffer): Buffer {
  return element(0x02, value);
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let left = value >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

function element(tag: number, content: Buffer): Buffer {
  const length = content.length;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  if (length < 0x100) return Buffer.concat([Buffer.from([tag, 0x81, length]), content]);
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content]);
}
