// What the status of a commit says of one object among others, as the store counts it (decisions/0008).
import type { Event, FluxEvent } from '../event/event.ts';
import type { TallyEntry } from '../outbox/store.ts';
import { toCommitWord } from '../sdk/git/commit-word.ts';
import { joinKey } from './lane-key.ts';

/** One event for one lane of a commit. */
export interface CommitQuestion {
  readonly event: Event;
  /** With combined metadata. */
  readonly enriched: FluxEvent;
  /** The parts of the lane; one of them is the commit. */
  readonly laneParts: readonly string[];
  /** Work that goes on is no success. */
  readonly isPatient: boolean;
  readonly speaksFor: TallyEntry['speaksFor'];
}

/** undefined for an event that says nothing of a commit. */
export function tallyEntry({ event, enriched, laneParts, isPatient, speaksFor }: CommitQuestion): TallyEntry | undefined {
  const word = toCommitWord(enriched, isPatient);
  if (word === undefined) return undefined;
  const { kind, namespace, name } = event.subject;
  return {
    series: joinKey(
      'series',
      laneParts.filter((part) => part !== word.sha),
    ),
    revision: word.sha,
    member: joinKey('object', [event.cluster, kind, namespace, name]),
    // Nobody asks what a status of its own said.
    word: speaksFor === 'lane' ? word.text : '',
    isOpen: word.verdict === 'pending',
    speaksFor,
  };
}
