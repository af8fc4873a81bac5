// Keeps the store in order, in small steps for ever.
import type { Outbox, StoreEnd } from '../internal/outbox/store.ts';
import type { Logger } from '../internal/sdk/ports.ts';
import { systemClock } from './system-clock.ts';

const MAINTENANCE_MS = 1000;

export interface MaintenanceOptions {
  readonly outbox: Pick<Outbox, 'maintain'>;
  /** Told of what the store ended by itself. */
  readonly onEnded: (end: StoreEnd) => void;
  readonly log: Logger;
}

/** Begins; the returned function ends it. Trouble of the store is logged when it begins and when it ends. */
export function maintain({ outbox, onEnded, log }: MaintenanceOptions): () => void {
  let failures = 0;
  let cancel: (() => void) | undefined;
  const step = async (): Promise<void> => {
    try {
      const { clockJumpMs, ended, recovered } = await outbox.maintain();
      for (const end of ended) onEnded(end);
      if (failures > 0) log.info({ failures }, 'the store is well again');
      failures = 0;
      if (clockJumpMs !== 0) log.warn({ clockJumpMs }, 'the clock jumped; times were shifted and nothing is pruned for an hour');
      if (recovered > 0) log.warn({ deliveries: recovered }, 'leases that nobody settled were taken back');
    } catch (error) {
      failures += 1;
      if (failures === 1) log.error({ error }, 'the store cannot be maintained');
    }
    cancel = systemClock.schedule(MAINTENANCE_MS, () => void step());
  };
  cancel = systemClock.schedule(MAINTENANCE_MS, () => void step());
  return () => cancel?.();
}
