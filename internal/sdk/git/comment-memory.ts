// What is remembered of a comment, so that a comment which was written before costs one call, or none when it says the same.
import type { Fact } from '../outcome.ts';
import type { SendContext } from '../provider.ts';

/** How long it is believed that a comment still says what was written. */
const TRUSTED_MS = 3_600_000;
const COMMENT_KEY = 'comment';
/** No comment is remembered by this. */
const DOUBT = '';

/** Where a comment stands and who wrote it; with another repository or other credentials it is another comment. */
export interface CommentPlace {
  readonly repository: string;
  readonly author: string;
}

interface Comment extends CommentPlace {
  readonly id: string;
  readonly digest: string;
}

export interface KnownComment {
  readonly id: string;
  /** Of the text as it was written last. */
  readonly digest: string;
  readonly isTrusted: boolean;
}

/** The fact that the delivery's lane has this comment. */
export function commentFact(context: SendContext, { id, repository, author, digest }: Comment): Fact {
  return { scope: context.lane, key: COMMENT_KEY, value: JSON.stringify([id, repository, author, digest]) };
}

/** The fact that a try may have written a comment although its id is not known. */
export function commentDoubt(context: SendContext): Fact {
  return { scope: context.lane, key: COMMENT_KEY, value: DOUBT };
}

export interface RecalledComment {
  /** undefined = the change request has to be searched for it. */
  readonly known: KnownComment | undefined;
  /** A try of this comment ended without an answer. */
  readonly isDoubtful: boolean;
}

/** What the memory says of the comment of the delivery's lane. */
export async function recallComment(context: SendContext, place: CommentPlace): Promise<RecalledComment> {
  const fact = await context.memory.get(context.lane, COMMENT_KEY);
  if (fact?.known !== true || fact.value === DOUBT) return { known: undefined, isDoubtful: fact !== undefined };
  const [id = '', repository, author, digest = ''] = JSON.parse(fact.value) as readonly string[];
  if (repository !== place.repository || author !== place.author) return { known: undefined, isDoubtful: false };
  return { known: { id, digest, isTrusted: fact.ageMs <= TRUSTED_MS }, isDoubtful: false };
}
