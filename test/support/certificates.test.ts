import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { createCertificateAuthority, newRsaKeyPem } from './certificates.ts';

test('a server certificate is trusted by name and address, and only under its own authority', () => {
  const authority = createCertificateAuthority('test authority');
  const other = createCertificateAuthority('test authority');

  const leaf = new X509Certificate(authority.issueServer(['vendor.test', '127.0.0.1']).cert);

  assert.equal(leaf.checkHost('vendor.test'), 'vendor.test');
  assert.equal(leaf.checkIP('127.0.0.1'), '127.0.0.1');
  assert.equal(leaf.checkHost('other.test'), undefined);
  assert.ok(leaf.verify(new X509Certificate(authority.cert).publicKey));
  assert.ok(!leaf.verify(new X509Certificate(other.cert).publicKey));
});

test('a handshake with a client certificate works on both sides', async () => {
  const authority = createCertificateAuthority('test authority');
  const client = authority.issueClient('vectors-client');
  const server = createServer({ ...authority.issueServer(['127.0.0.1']), ca: authority.cert, requestCert: true, rejectUnauthorized: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');

  const seen = new Promise<string>((resolve) => {
    server.once('secureConnection', (socket: TLSSocket) => resolve(String(socket.getPeerCertificate().subject.CN)));
  });
  const socket = connect({ host: '127.0.0.1', port: address.port, ca: authority.cert, ...client });

  assert.equal(await seen, 'vectors-client');
  socket.destroy();
  server.close();
});

test('an RSA key is PKCS#1', () => {
  assert.match(newRsaKeyPem(), /^-----BEGIN RSA PRIVATE KEY-----/);
});
