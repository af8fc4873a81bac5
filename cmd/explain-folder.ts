// What the Alerts of a folder, or of a cluster, make of an event, and what they would send.
import type { Event } from '../internal/event/event.ts';
import { explainEvent } from '../internal/routing/explain.ts';
import { readForProviders } from './environment.ts';
import type { ExplainedAhead } from './explain-text.ts';
import { openFolder } from './folder.ts';
import type { FolderFlags } from './folder-flags.ts';
import { foresee } from './outlook.ts';

/** As a server that serves the folder would explain it; rejects with ConfigFault, or with StartupError when a cluster cannot be read. */
export async function explainInFolder(event: Event, flags: FolderFlags, nowMs: number): Promise<ExplainedAhead> {
  const folder = await openFolder(flags);
  const now = { verdicts: explainEvent(event, folder.snapshot, folder.context), revision: folder.snapshot.revision };
  const outlooks = await foresee(event, { folder, nowMs, showPath: false, environment: readForProviders(process.env) });
  return { event, now, outlooks, faults: folder.faults };
}
