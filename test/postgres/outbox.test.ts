// The outbox on a real PostgreSQL: what every store must do.
import { after } from 'node:test';
import { testOutbox } from '../support/outbox-suite/outbox-suite.ts';
import { PostgresSchema } from '../support/postgres-place.ts';
import { startPostgres } from '../support/postgres-server.ts';

// What is asked here is what is stored, not how fast the disk is.
const server = await startPostgres({ settings: { fsync: 'off' } });
after(() => server.remove());

testOutbox('PostgreSQL', async () => {
  const schema = await PostgresSchema.connect(server.url());
  return { open: (parts) => schema.open(parts), dispose: () => schema.drop() };
});
