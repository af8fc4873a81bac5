// The outbox on a PostgreSQL database that any number of replicas share: each is a writer of its own, and they take turns.
import { randomUUID } from 'node:crypto';
import { BatchedOutbox } from '../batched-outbox.ts';
import type { Outbox } from '../store.ts';
import { parseAddress } from './address.ts';
import { connect, type ConnectionOptions } from './connection.ts';
import { toStoreError } from './failures.ts';
import { Line } from './line.ts';
import type { PostgresOutboxOptions } from './options.ts';
import { Reader } from './reader.ts';
import { migrate } from './schema.ts';
import { Writer } from './writer.ts';

export type { PostgresOutboxOptions } from './options.ts';

const DAY_MS = 24 * 60 * 60_000;
const DEFAULT_CONNECT_MS = 5_000;
const ANSWER_MS = 40_000;

/** Opens the store; rejects with StoreError: `busy` when the server cannot be reached now. */
export async function openPostgresOutbox(options: PostgresOutboxOptions): Promise<Outbox> {
  const { clock, project, random } = options;
  const settings = toSettings(options);
  const { place } = settings.address;
  const line = new Line(() => connect(settings), clock);
  try {
    await migrate(await line.connection(), settings.schema);
  } catch (error) {
    await line.close();
    throw toStoreError(error, place);
  }
  const owner = randomUUID();
  const { keepDeliveredMs = 7 * DAY_MS, keepDeadMs = 30 * DAY_MS, maxBytes = Number.POSITIVE_INFINITY } = options;
  const retention = { keepDeliveredMs: Math.floor(keepDeliveredMs), keepDeadMs: Math.floor(keepDeadMs), maxBytes };
  const onConnection = options.onConnection ?? ((): void => undefined);
  const writer = new Writer({ line, clock, owner, place, onConnection, retention });
  const reader = new Reader({ open: () => connect(settings), clock, place });
  const outbox = new BatchedOutbox({
    project,
    clock,
    random,
    send: (batch) => writer.run(batch),
    ask: (operation) => reader.ask(operation),
    // Where the database keeps it is nothing that a client can see.
    isPersistent: () => true,
    close: async () => {
      await writer.close();
      await Promise.all([reader.close(), line.close()]);
    },
  });
  await reader.listen({ schema: settings.schema, owner, onReady: () => (writer.isAsked ? outbox.wakeUp() : undefined) });
  return outbox;
}

function toSettings({ url, schema, password, passwordFile, connectMs }: PostgresOutboxOptions): ConnectionOptions {
  return {
    address: parseAddress(url),
    schema: schema ?? 'tocsin',
    connectMs: connectMs ?? DEFAULT_CONNECT_MS,
    answerMs: ANSWER_MS,
    ...(password === undefined ? {} : { password }),
    ...(passwordFile === undefined ? {} : { passwordFile }),
  };
}
