// Opens the one file: mode 0600, WAL, every commit synced, locked for this process alone, migrated to the schema of this program.
import { chmodSync, closeSync, existsSync, fchmodSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../store.ts';
import { MIGRATIONS } from './migrations/migrations.ts';

const OWNER_ONLY = 0o600;

/** Opens and migrates the file; throws what node:sqlite throws, or StoreError. */
export function openDatabase(path: string, migrations = MIGRATIONS): DatabaseSync {
  prepareFile(path);
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    // Before the first access, so that the WAL index lives on the heap and no other process can slip in.
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    const mode = db.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
    if (mode !== 'wal') throw new StoreError('io', `the store ${path} does not take a write-ahead log; use a local file system`);
    db.exec('PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 2000');
    migrate(db, path, migrations);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function prepareFile(path: string): void {
  makeFolder(dirname(path));
  // Never open a file that exists: closing it would drop the locks that this process may hold on it.
  if (existsSync(path)) {
    chmodSync(path, OWNER_ONLY);
    return;
  }
  const file = openSync(path, 'wx', OWNER_ONLY);
  fchmodSync(file, OWNER_ONLY);
  closeSync(file);
}

/** Makes the last folder of the path only: a mistyped path is better refused than built. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  if (!existsSync(dirname(folder))) throw new StoreError('io', `the folder of the store, ${folder}, does not exist`);
  mkdirSync(folder, { mode: 0o700 });
}

function migrate(db: DatabaseSync, path: string, migrations: typeof MIGRATIONS): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    const version = readNumber(db, 'PRAGMA user_version', 'user_version');
    refuseStrangers(db, path, version);
    const minReader = version === 0 ? 0 : readNumber(db, "SELECT value FROM meta WHERE key = 'min_reader'", 'value');
    if (minReader > migrations.length) {
      throw new StoreError(
        'newer',
        `the store ${path} was written by a newer version (schema ${version}, readable from schema ${minReader} on; this program knows ${migrations.length}); use that version or newer`,
      );
    }
    for (const migration of migrations.slice(version)) db.exec(migration.sql);
    if (version < migrations.length) {
      db.exec('CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID');
      const reader = Math.max(minReader, ...migrations.map((migration) => migration.minReader));
      db.prepare("INSERT OR REPLACE INTO meta VALUES ('min_reader', ?)").run(reader);
      db.exec(`PRAGMA user_version = ${migrations.length}`);
    }
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** A database of another program is left alone. */
function refuseStrangers(db: DatabaseSync, path: string, version: number): void {
  const hasMeta =
    readNumber(db, "SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table' AND name IN ('meta', 'deliveries')", 'n') === 2;
  const isEmpty = readNumber(db, 'SELECT count(*) AS n FROM sqlite_schema', 'n') === 0;
  if (version === 0 ? isEmpty : hasMeta) return;
  throw new StoreError('corrupt', `the file ${path} is a database of something else`);
}

function readNumber(db: DatabaseSync, text: string, column: string): number {
  return Number(db.prepare(text).get()?.[column] ?? 0);
}
