// Opens the outbox that the settings name.
import { projectFlux } from '../internal/event/flux.ts';
import { openPostgresOutbox } from '../internal/outbox/postgres/outbox.ts';
import { openSqliteOutbox } from '../internal/outbox/sqlite/outbox.ts';
import { type Outbox, StoreError } from '../internal/outbox/store.ts';
import type { Logger } from '../internal/sdk/ports.ts';
import type { Redactor } from '../internal/sdk/transport.ts';
import { awaitOutbox } from './awaited-outbox.ts';
import type { Build } from './application.ts';
import type { Environment } from './environment.ts';
import type { ServeSettings } from './serve-flags.ts';
import type { DatabaseLocation } from './store-location.ts';
import { systemClock } from './system-clock.ts';

export interface OpenStoreOptions {
  readonly settings: Pick<ServeSettings, 'store' | 'storePasswordFile' | 'retention'>;
  readonly environment: Pick<Environment, 'databasePassword'>;
  readonly build: Build;
  readonly redactor: Redactor;
  /** Told once when the store is lost to this process for good. */
  readonly onLost: (error: Error) => void;
  readonly log: Logger;
}

/** A database that does not answer yet is waited for while the server listens; anything else that is wrong rejects. */
export async function openStore(options: OpenStoreOptions): Promise<Outbox> {
  const { build, onLost, settings } = options;
  const { store } = settings;
  if (store.kind === 'postgres') return openDatabase(store, options);
  return openSqliteOutbox({ path: store.kind === 'sqlite' ? store.path : '', ...common(settings), onWriterDeath: onLost, ...build });
}

function common({ retention }: OpenStoreOptions['settings']) {
  return {
    project: (_dialect: string, body: string) => projectFlux(body),
    clock: systemClock,
    random: Math.random,
    keepDeliveredMs: retention,
  };
}

function openDatabase({ url, password }: DatabaseLocation, options: OpenStoreOptions): Promise<Outbox> {
  const { environment, log, onLost, redactor, settings } = options;
  for (const secret of [password, environment.databasePassword]) if (secret !== undefined) redactor.add(secret);
  return awaitOutbox({
    open: () =>
      openPostgresOutbox({
        ...common(settings),
        url,
        ...(environment.databasePassword === undefined ? {} : { password: environment.databasePassword }),
        ...(settings.storePasswordFile === undefined ? {} : { passwordFile: settings.storePasswordFile }),
        onConnection: ({ isConnected, message }) => {
          if (isConnected) log.info({}, 'the database answers again');
          else log.warn({ error: message }, 'the database does not answer');
        },
      }),
    isWorthWaiting: (error) => error instanceof StoreError && error.code === 'busy',
    onFailure: onLost,
    clock: systemClock,
    log,
  });
}
