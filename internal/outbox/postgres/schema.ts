// Brings the schema of a database to what this program knows, under a lock, so that replicas that start together do it once.
import { StoreError } from '../store.ts';
import type { Connection } from './connection.ts';
import { sqlStateOf } from './failures.ts';
import { MIGRATIONS } from './migrations/migrations.ts';

/** Makes or migrates the tables; refuses those of a newer program and those of something else. */
export async function migrate(connection: Connection, schema: string, migrations = MIGRATIONS): Promise<void> {
  await connection.last("BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('tocsin migration', 0))");
  try {
    await makeSchema(connection, schema);
    const version = await readVersion(connection, schema);
    if (version.minReader > migrations.length) {
      throw new StoreError(
        'newer',
        `the store ${connection.place} was written by a newer version (schema ${version.schema}, readable from schema ${version.minReader} on; this program knows ${migrations.length}); use that version or newer`,
      );
    }
    for (const migration of migrations.slice(version.schema)) await connection.last(migration.sql);
    if (version.schema < migrations.length) {
      const minReader = Math.max(version.minReader, ...migrations.map((migration) => migration.minReader));
      await connection.rows('UPDATE meta SET schema = $1, min_reader = $2', [migrations.length, minReader]);
    }
    await connection.rows('COMMIT');
  } catch (error) {
    await connection.rows('ROLLBACK').catch(() => undefined);
    if (sqlStateOf(error) === '42501') throw lacksRights(connection, schema, error);
    throw error;
  }
}

async function makeSchema(connection: Connection, schema: string): Promise<void> {
  const [known] = await connection.rows('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema]);
  // Asked first: whoever may not make schemas can still be given one.
  if (known === undefined) await connection.rows(`CREATE SCHEMA "${schema.replaceAll('"', '""')}"`);
}

async function readVersion(connection: Connection, schema: string): Promise<{ readonly schema: number; readonly minReader: number }> {
  const tables = await connection.rows<{ name: string }>('SELECT tablename AS name FROM pg_tables WHERE schemaname = $1', [schema]);
  const names = new Set(tables.map(({ name }) => name));
  if (names.has('meta') && names.has('deliveries')) {
    const [meta] = await connection.rows<{ schema: number; minReader: number }>('SELECT schema, min_reader AS "minReader" FROM meta');
    if (meta !== undefined) return meta;
  }
  if (names.has('meta') || names.has('deliveries') || names.has('events')) {
    throw new StoreError('corrupt', `the schema ${schema} of the database ${connection.place} holds tables of something else`);
  }
  await connection.last('CREATE TABLE meta (schema integer NOT NULL, min_reader integer NOT NULL); INSERT INTO meta VALUES (0, 0)');
  return { schema: 0, minReader: 0 };
}

function lacksRights(connection: Connection, schema: string, cause: unknown): StoreError {
  return new StoreError(
    'io',
    `the user of the store ${connection.place} may not make its tables; let it CREATE in the database, or make the schema for it: CREATE SCHEMA ${schema} AUTHORIZATION its-name`,
    { cause },
  );
}
