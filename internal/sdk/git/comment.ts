// One delivery of a comment on a change request, on any forge: the comment about the object is found by a marker and by its
// author, and is updated in place; where there is none, it is created. Deliveries of one comment share a lane, so that two
// events never both find none. What a forge adds is its address, its limits and its API.
import { createHash } from 'node:crypto';
import type { LaneInput, RenderInput, SendContext } from '../provider.ts';
import type { Fact, Outcome } from '../outcome.ts';
import { changeRequestNumber } from './change-request.ts';
import { toComment, toMarker } from './comment-body.ts';
import { commentDoubt, type KnownComment, commentFact, recallComment } from './comment-memory.ts';
import { ForgeRefusal, type ForgeErrorReading, outcomeOfForgeError, mayHaveHappened } from './forge-answer.ts';
import { recallFact } from './status-memory.ts';

/** Enough digits to tell credentials apart, and too few to tell a credential by. */
const CREDENTIAL_DIGITS = 8;

/** Who writes with the credentials. */
export interface CommentAuthor {
  readonly name: string;
  /** Whatever else was learnt on the way. */
  readonly remember?: readonly Fact[];
}

/** A comment as forges list them. */
export interface ListedComment {
  readonly id: string;
  readonly author: string;
  readonly body: string;
}

/** The change requests of a repository, ready to be asked; nothing is asked before a method is called. */
export interface CommentRepository {
  readonly apiBase: string;
  /** The same however the address is written. */
  readonly id: string;
  /** What is sent as a credential or buys one; only a part of its digest is ever kept. */
  readonly credential: string;
  identify(): Promise<CommentAuthor>;
  /** Gets the token where there is none yet. */
  authenticate?(): Promise<void>;
  /** The first comment, oldest first, that `isWanted` accepts; all pages are read until there is one. */
  find(number: number, isWanted: (comment: ListedComment) => boolean): Promise<ListedComment | undefined>;
  /** The id of the new comment, where the answer tells it. */
  create(number: number, body: string): Promise<string | undefined>;
  update(number: number, id: string, body: string): Promise<void>;
}

/** A forge as far as comments differ. */
export interface CommentForge {
  /** As it stands in the memory. */
  readonly name: string;
  readonly markerPrefix: string;
  readonly maxBodyChars: number;
  /** Throws ConfigFault for an address or credentials that cannot work. */
  open(context: SendContext, input: RenderInput): CommentRepository;
  readonly limitedMs?: ForgeErrorReading['limitedMs'];
}

interface Delivery {
  readonly forge: CommentForge;
  readonly context: SendContext;
  readonly input: RenderInput;
  readonly repository: CommentRepository;
  readonly progress: { doing: string };
}

/** Brings the change request to a comment that says what the event says. */
export async function sendComment(forge: CommentForge, context: SendContext, input: RenderInput): Promise<Outcome> {
  const repository = forge.open(context, input);
  const progress = { doing: 'could not reach the server' };
  try {
    return await bring({ forge, context, input, repository, progress });
  } catch (error) {
    if (isLocked(error)) return { kind: 'rejected', reason: 'bad-request', message: `${progress.doing}: the conversation is locked` };
    return outcomeOfForgeError(error, {
      what: progress.doing,
      config: input.config,
      nowMs: context.clock.nowMs(),
      ...(forge.limitedMs === undefined ? {} : { limitedMs: forge.limitedMs }),
    });
  }
}

async function bring(delivery: Delivery): Promise<Outcome> {
  const { forge, context, input, repository, progress } = delivery;
  const number = changeRequestNumber(input.event.metadata);
  if ('fault' in number) {
    // Flux looks at the number after it has asked who it is; a number that no change request has is worth no call.
    if (number.isNumber) return { kind: 'rejected', reason: 'bad-request', message: number.fault };
    await identify(delivery);
    return { kind: 'rejected', reason: 'bad-request', message: number.fault };
  }
  const marker = toMarker(forge.markerPrefix, input);
  const { body, remember: history } = await toComment(context, input, { marker, maxChars: forge.maxBodyChars });
  const { known, isDoubtful } = await recallComment(context, whereOf(repository));
  if (known?.isTrusted === true && known.digest === digestOf(body)) {
    return { kind: 'delivered', ref: known.id, note: 'the comment says so already' };
  }
  if (known !== undefined && (await isUpdated(delivery, { number: number.value, known, body }))) {
    return { kind: 'delivered', ref: known.id, remember: [remembered(delivery, known.id, body), ...history] };
  }
  const author = await identify(delivery);
  progress.doing = 'could not get a token';
  await repository.authenticate?.();
  progress.doing = 'could not list the comments';
  const isWanted = (comment: ListedComment): boolean => comment.author === author.name && comment.body.includes(marker);
  // What was read for others says nothing of a try without an answer, nor of a comment that was deleted since.
  const isShared = !isDoubtful && known === undefined;
  const found = isShared ? (await listMarked(delivery, number.value)).find(isWanted) : await repository.find(number.value, isWanted);
  const id = await write(delivery, { number: number.value, id: found?.id, body });
  const learnt = [...(author.remember ?? []), ...history];
  return id === undefined
    ? { kind: 'delivered', remember: [commentDoubt(context), ...learnt] }
    : { kind: 'delivered', ref: id, remember: [remembered(delivery, id, body), ...learnt] };
}

/** All comments with a marker of ours: many objects that have their first word on a change request read it once. */
async function listMarked({ forge, context, repository }: Delivery, number: number): Promise<readonly ListedComment[]> {
  return await context.shared(`comments ${repository.id} ${number}`, async () => {
    const marked: ListedComment[] = [];
    await repository.find(number, (comment) => {
      if (comment.body.includes(forge.markerPrefix)) marked.push(comment);
      return false;
    });
    return marked;
  });
}

async function write(
  { context, repository, progress }: Delivery,
  { number, id, body }: { readonly number: number; readonly id: string | undefined; readonly body: string },
): Promise<string | undefined> {
  if (id === undefined) {
    progress.doing = 'could not create the comment';
    try {
      return await repository.create(number, body);
    } catch (error) {
      if (mayHaveHappened(error)) context.learn([commentDoubt(context)]);
      throw error;
    }
  }
  progress.doing = 'could not update the comment';
  await repository.update(number, id, body);
  return id;
}

/** False when somebody has deleted the comment, so that it has to be looked for again. */
async function isUpdated(
  { repository, progress }: Delivery,
  { number, known, body }: { readonly number: number; readonly known: KnownComment; readonly body: string },
): Promise<boolean> {
  progress.doing = 'could not get a token';
  await repository.authenticate?.();
  progress.doing = 'could not update the comment';
  try {
    await repository.update(number, known.id, body);
    return true;
  } catch (error) {
    if (error instanceof ForgeRefusal && error.status === 404) return false;
    throw error;
  }
}

/** Asks who the credentials belong to, unless that is known. */
async function identify({ forge, context, repository, progress }: Delivery): Promise<CommentAuthor> {
  const scope = `${forge.name}-author:${repository.apiBase}`;
  const key = credentialKey(repository.credential);
  const recalled = await recallFact(context, scope, key);
  if (recalled !== undefined) return { name: recalled };
  progress.doing = 'could not get the user of the token';
  const { name, remember = [] } = await context.shared(`${scope} ${key}`, () => repository.identify());
  return { name, remember: [...remember, { scope, key, value: name }] };
}

function remembered({ context, repository }: Delivery, id: string, body: string): Fact {
  return commentFact(context, { ...whereOf(repository), id, digest: digestOf(body) });
}

function whereOf({ id, credential }: CommentRepository): { readonly repository: string; readonly author: string } {
  return { repository: id, author: credentialKey(credential) };
}

function credentialKey(credential: string): string {
  return createHash('sha256').update(credential).digest('hex').slice(0, CREDENTIAL_DIGITS);
}

function digestOf(body: string): string {
  return createHash('sha256').update(body).digest('base64url');
}

/** GitHub and Gitea refuse with 403 what GitLab hides from those who may not write. */
function isLocked(error: unknown): boolean {
  return error instanceof ForgeRefusal && error.status === 403 && /\blocked\b/i.test(error.words);
}

/**
 * The lane of a comment, which belongs to the change request and not to the address as it is written; `repositoryOf` throws
 * for an address that names no repository.
 */
export function commentLane(
  { address, event, target }: LaneInput,
  { markerPrefix, repositoryOf }: { readonly markerPrefix: string; readonly repositoryOf: (address: string) => readonly string[] },
): readonly string[] | undefined {
  const number = changeRequestNumber(event.metadata);
  if ('fault' in number) return undefined;
  const comment = ['comment', String(number.value), toMarker(markerPrefix, { target, event })];
  try {
    return [...repositoryOf(address), ...comment];
  } catch {
    // An address in a Secret is not known here, and one that is wrong is reported by the attempt.
    return ['provider', `${target.namespace}/${target.name}`, ...comment];
  }
}
