// The files that an API server is started with: certificates, keys and the administrator's token.
import { createPublicKey, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCertificateAuthority, type Identity, newRsaKeyPem } from './certificates.ts';

export interface ServerFiles {
  /** Path of the authority's certificate; its content changes when the certificates are rotated. */
  readonly caFile: string;
  readonly adminToken: string;
  /** The flags of kube-apiserver that name the files. */
  readonly flags: readonly string[];
  /** A client certificate; the common name is the user. */
  issueClient(user: string): Identity;
  /** Replaces the authority and the server's certificate; a running server takes them over by itself. */
  rotate(): void;
}

const SERVER_NAMES = ['127.0.0.1', 'localhost', 'kubernetes.default.svc'];

export function writeServerFiles(directory: string): ServerFiles {
  const file = (name: string): string => join(directory, name);
  const write = (name: string, text: string): void => writeFileSync(file(name), text, { mode: 0o600 });
  let authority = createCertificateAuthority('cluster');
  const writeCertificates = (): void => {
    const server = authority.issueServer(SERVER_NAMES);
    write('ca.crt', authority.cert);
    write('server.key', server.key);
    write('server.crt', server.cert);
  };
  const signingKey = newRsaKeyPem();
  const adminToken = randomBytes(16).toString('hex');

  mkdirSync(directory, { recursive: true });
  writeCertificates();
  write('service-accounts.key', signingKey);
  write('service-accounts.pub', createPublicKey(signingKey).export({ type: 'spki', format: 'pem' }).toString());
  write('tokens.csv', `${adminToken},administrator,administrator,"system:masters"\n`);
  return {
    caFile: file('ca.crt'),
    adminToken,
    flags: [
      `--client-ca-file=${file('ca.crt')}`,
      `--tls-cert-file=${file('server.crt')}`,
      `--tls-private-key-file=${file('server.key')}`,
      `--token-auth-file=${file('tokens.csv')}`,
      `--service-account-key-file=${file('service-accounts.pub')}`,
      `--service-account-signing-key-file=${file('service-accounts.key')}`,
    ],
    issueClient: (user) => authority.issueClient(user),
    rotate: () => {
      authority = createCertificateAuthority('cluster');
      writeCertificates();
    },
  };
}
