import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectBody } from '../../../test/support/outbox.ts';
import { testOutbox } from '../outbox-suite.ts';
import type { Place } from '../suite/world.ts';
import { openSqliteOutbox } from './outbox.ts';

testOutbox('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-outbox-'));
  const place: Place = {
    open: ({ clock, random }) =>
      openSqliteOutbox({ path: join(folder, 'outbox.db'), project: projectBody, clock, random, reserveBytes: 64 * 1024 }),
    dispose: async () => rmSync(folder, { recursive: true, force: true }),
  };
  return Promise.resolve(place);
});
