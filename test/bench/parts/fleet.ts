// A fleet of Alerts as the program holds it, and events for it, for measuring parts without the rest.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../cmd/system-clock.ts';
import { catalog } from '../../../internal/catalog/catalog.ts';
import { type Directory, openDirectory } from '../../../internal/config/directory/directory.ts';
import { createFluxDialect } from '../../../internal/dialects/flux/dialect.ts';
import type { Event } from '../../../internal/event/event.ts';
import { toEvent } from '../../../internal/event/flux.ts';
import type { Snapshot } from '../../../internal/routing/route.ts';
import type { Logger } from '../../../internal/sdk/ports.ts';
import { toEventBody } from '../../support/flux-sender.ts';
import { type Fleet, groupsOf, writeFleet } from '../../support/many-alerts.ts';

const SILENT: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => SILENT,
};

export interface LoadedFleet {
  readonly snapshot: Snapshot;
  readonly labels: Directory['labels'];
  readonly loadMs: number;
}

export async function loadFleet(shape: Pick<Fleet, 'alerts' | 'shape'>): Promise<LoadedFleet> {
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-bench-'));
  writeFleet(directory, { ...shape, address: 'http://127.0.0.1:9/hook' });
  const startedAtMs = performance.now();
  const opened = await openDirectory({
    paths: [directory],
    dialect: createFluxDialect({ catalog }),
    clock: systemClock,
    log: SILENT,
    watch: false,
  });
  const snapshot = opened.snapshots.current();
  const loadMs = performance.now() - startedAtMs;
  opened.close();
  rmSync(directory, { recursive: true });
  if (snapshot === null || snapshot.routes.size !== shape.alerts) throw new Error('the fleet was not read');
  return { snapshot, labels: opened.labels, loadMs };
}

/** The same spread of events as the load generator's. */
export function toFleetEvent(number: number, shape: Pick<Fleet, 'alerts' | 'shape'>): Event {
  const groups = groupsOf(shape);
  const body = toEventBody({
    namespace: `team-${String(number % groups).padStart(5, '0')}`,
    name: `application-${Math.floor(number / groups)}`,
    message: `event number ${number}: Reconciliation finished in 1.2s, next run in 10m0s`,
  });
  const event = toEvent({ body, nowMs: Date.now(), windowMs: 300_000, origin: 'bench' });
  if (!('id' in event)) throw new Error('the event is invalid');
  return event;
}
