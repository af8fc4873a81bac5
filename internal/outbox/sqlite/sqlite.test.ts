import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectBody } from '../../../test/support/outbox.ts';
import { testOutbox } from '../../../test/support/outbox-suite/outbox-suite.ts';
import type { Place } from '../../../test/support/outbox-suite/world.ts';
import { startInline } from '../../../test/support/inline-writer.ts';
import { openSqliteOutbox } from './outbox.ts';

testOutbox('SQLite', async () => {
  const folder = mkdtempSync(join(memoryFolder(), 'tocsin-outbox-'));
  const place: Place = {
    open: ({ clock, random }) =>
      openSqliteOutbox({
        path: join(folder, 'outbox.db'),
        project: projectBody,
        clock,
        random,
        reserveBytes: 64 * 1024,
        startWriter: startInline,
      }),
    dispose: async () => rmSync(folder, { recursive: true, force: true }),
  };
  return Promise.resolve(place);
});

/** A folder in memory where there is one: these tests ask what is stored, not how fast the disk is. */
function memoryFolder(): string {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
}
