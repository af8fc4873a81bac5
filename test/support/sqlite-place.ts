// A folder of its own for one SQLite store, in memory where there is such a folder: its tests ask what is stored, not how fast the disk is.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteOutbox, type SqliteOutboxOptions } from '../../internal/outbox/sqlite/outbox.ts';
import { startInline } from './inline-writer.ts';
import { projectBody } from './outbox.ts';
import type { Place } from './outbox-suite/world.ts';

/** Makes a place whose store is opened with these options. */
export async function makeSqlitePlace(options: Partial<SqliteOutboxOptions> = {}): Promise<Place> {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tocsin-outbox-'));
  const place: Place = {
    open: ({ clock, random }) =>
      openSqliteOutbox({
        path: join(folder, 'outbox.db'),
        project: projectBody,
        clock,
        random,
        reserveBytes: 64 * 1024,
        startWriter: startInline,
        ...options,
      }),
    dispose: async () => rmSync(folder, { recursive: true, force: true }),
  };
  return Promise.resolve(place);
}
