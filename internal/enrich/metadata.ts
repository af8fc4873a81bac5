// What an event says of itself, joined with what its Alert adds (RFC 0008): the controller wins over the Alert's summary,
// that over the Alert's eventMetadata, that over the object's annotations.
import type { Metadata } from '../event/event.ts';
import { EVENT_PREFIX, METADATA_KEYS } from '../event/metadata.ts';

/** What is joined. */
export interface MetadataSources {
  /** The event's metadata after clean-up, keys with their prefixes. */
  readonly event: Metadata;
  /** Group of the subject's apiVersion. */
  readonly group: string;
  /** The Alert's `spec.eventMetadata`. */
  readonly route: Metadata;
  /** The Alert's `spec.summary`; empty when it has none. */
  readonly summary: string;
}

export interface CombinedMetadata {
  readonly metadata: Metadata;
  /** For each key that several sources give: their names, lowest first, joined by comma and space; null when there is none. */
  readonly conflicts: Readonly<Record<string, string>> | null;
}

const ANNOTATIONS = 'involved object annotations';
const EVENT_METADATA = 'Alert object .spec.eventMetadata';
const SUMMARY = 'Alert object .spec.summary';
const CONTROLLER = 'involved object controller metadata';

/** Joins the four sources; both results are null-prototype records, so a key such as `__proto__` is only data. */
export function combineMetadata(sources: MetadataSources): CombinedMetadata {
  const joining = new Joining();
  joining.addPrefixed(sources.event, EVENT_PREFIX, ANNOTATIONS);
  for (const key in sources.route) joining.add(key, sources.route[key] ?? '', EVENT_METADATA);
  if (sources.summary !== '') joining.add(METADATA_KEYS.summary, sources.summary, SUMMARY);
  joining.addPrefixed(sources.event, `${sources.group}/`, CONTROLLER);
  return { metadata: joining.metadata, conflicts: joining.conflicts };
}

class Joining {
  readonly metadata: Record<string, string> = emptyRecord();
  readonly #givers: Record<string, string> = emptyRecord();
  conflicts: Record<string, string> | null = null;

  add(key: string, value: string, giver: string): void {
    const earlier = this.#givers[key];
    this.metadata[key] = value;
    if (earlier === undefined) {
      this.#givers[key] = giver;
      return;
    }
    const givers = `${earlier}, ${giver}`;
    this.#givers[key] = givers;
    this.conflicts ??= emptyRecord();
    this.conflicts[key] = givers;
  }

  /** Only the exact prefix goes; the rest of the key may hold further slashes. */
  addPrefixed(metadata: Metadata, prefix: string, giver: string): void {
    for (const key in metadata) {
      if (key.startsWith(prefix)) this.add(key.slice(prefix.length), metadata[key] ?? '', giver);
    }
  }
}

function emptyRecord(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}
