// What has ended by itself and was not told yet, with what the file knows of it.
import { STEP_ENDS, toStoreEnd } from '../end-log.ts';
import type { StoreEnd } from '../store.ts';
import type { Session } from './session.ts';

/** The next of them, with what people and metrics want to know. */
export function takeEnds(session: Session): readonly StoreEnd[] {
  return session.ends.take(STEP_ENDS).flatMap((end) => {
    const row = session
      .sql(`SELECT deliveries.id AS id, events.id AS event_id, events.origin AS origin, kind, namespace, name, plan FROM deliveries JOIN plans USING (seq)
        JOIN events ON events.seq = deliveries.event_seq WHERE deliveries.seq = ?`)
      .get(end.seq);
    return row === undefined ? [] : [toStoreEnd(end, row)];
  });
}
