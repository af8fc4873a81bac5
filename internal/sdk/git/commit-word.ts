// What an object says of a commit, as it is kept with what the others say until the whole commit is told.
import type { FluxEvent } from '../../event/event.ts';
import { cutChars } from '../text/cut.ts';
import { commitHash, findRevision } from './revision.ts';
import { statusDescription, type Verdict, verdictOf } from './status.ts';

/** As much of a message as a page shows beside an object; the event itself has all of it. */
const MAX_MESSAGE_CHARS = 300;
const MAX_REASON_CHARS = 100;

/** The last event of an object about a commit, in short. */
export interface ObjectWord {
  readonly verdict: Verdict;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** In words, as in a description. */
  readonly reason: string;
  readonly message: string;
}

/** A word about a commit. */
export interface CommitWord {
  readonly sha: string;
  readonly verdict: Verdict;
  readonly text: string;
}

/** What an event with combined metadata says; undefined when it names no commit, or has a severity without a verdict. */
export function toCommitWord(event: FluxEvent, isPatient: boolean): CommitWord | undefined {
  const sha = commitHash(findRevision(event.metadata) ?? '');
  const verdict = verdictOf(event, isPatient);
  if (sha === undefined || verdict === undefined) return undefined;
  const { kind, namespace, name } = event.involvedObject;
  const reason = cutChars(statusDescription(event.reason), MAX_REASON_CHARS);
  const message = cutChars(event.message, MAX_MESSAGE_CHARS);
  return { sha, verdict, text: JSON.stringify([verdict, kind, namespace, name, reason, message]) };
}

/** Reads a word back. */
export function readWord(text: string): ObjectWord {
  const [verdict, kind, namespace, name, reason, message] = JSON.parse(text) as [Verdict, string, string, string, string, string];
  return { verdict, kind, namespace, name, reason, message };
}
