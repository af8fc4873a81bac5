// What the sslmode of an address is worth, against a server with a certificate of a known and of an unknown authority.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openPostgresOutbox } from '../../internal/outbox/postgres/outbox.ts';
import { systemClock } from '../../cmd/system-clock.ts';
import { createCertificateAuthority } from '../support/certificates.ts';
import { projectBody } from '../support/outbox.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-database-tls-'));
const authority = createCertificateAuthority('the known');
const known = join(folder, 'known.pem');
const unknown = join(folder, 'unknown.pem');
let named: PostgresServer;
let misnamed: PostgresServer;

before(async () => {
  writeFileSync(known, authority.cert);
  writeFileSync(unknown, createCertificateAuthority('the unknown').cert);
  [named, misnamed] = await Promise.all([
    startPostgres({ identity: authority.issueServer(['127.0.0.1']) }),
    startPostgres({ identity: authority.issueServer(['db.example.com']) }),
  ]);
});
after(async () => {
  await Promise.all([named?.remove(), misnamed?.remove()]);
  rmSync(folder, { recursive: true, force: true });
});

const NOT_ACCEPTED = { code: 'io', message: /^the certificate of the database 127\.0\.0\.1:\d+\/tocsin is not accepted: / };

const cases: readonly { name: string; server?: () => PostgresServer; query: string; wanted: 'encrypted' | 'plain' | object }[] = [
  { name: 'nothing is said', query: '', wanted: 'encrypted' },
  { name: 'it is not wanted', query: 'sslmode=disable', wanted: 'plain' },
  { name: 'encryption is enough', server: () => misnamed, query: 'sslmode=require', wanted: 'encrypted' },
  { name: 'its authority is known', query: `sslmode=verify-full&sslrootcert=${known}`, wanted: 'encrypted' },
  { name: 'its authority is unknown', query: `sslmode=verify-full&sslrootcert=${unknown}`, wanted: NOT_ACCEPTED },
  { name: 'its authority is none of the system', query: 'sslmode=verify-full', wanted: NOT_ACCEPTED },
  {
    name: 'it goes by another name',
    server: () => misnamed,
    query: `sslmode=verify-full&sslrootcert=${known}`,
    wanted: NOT_ACCEPTED,
  },
  {
    name: 'its name does not matter',
    server: () => misnamed,
    query: `sslmode=verify-ca&sslrootcert=${known}`,
    wanted: 'encrypted',
  },
  { name: 'an authority is given with require', query: `sslmode=require&sslrootcert=${unknown}`, wanted: NOT_ACCEPTED },
];

for (const { name, query, server = () => named, wanted } of cases) {
  test(`a server with a certificate, where ${name}`, async () => {
    const url = `${server().url()}?${query}`;
    const opening = openPostgresOutbox({ url, project: projectBody, clock: systemClock, random: Math.random });
    if (typeof wanted === 'object') {
      await assert.rejects(opening, wanted);
      return;
    }
    const outbox = await opening;
    try {
      const lines = await server().query(
        "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'tocsin'",
      );

      assert.deepEqual(lines, [{ ssl: wanted === 'encrypted' }]);
    } finally {
      await outbox.close();
    }
  });
}
