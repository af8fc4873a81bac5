// One delivery of a commit status, on any forge: remembered, else read, else created. What a forge adds is its address, its
// words and its API.
import { ConfigFault, type LaneInput, type RenderInput, type SendContext } from '../provider.ts';
import type { Fact, Outcome } from '../outcome.ts';
import type { Commit } from './commit-reading.ts';
import { type ForgeErrorReading, mayHaveHappened, outcomeOfForgeError } from './forge-answer.ts';
import { commitHash, findRevision, shortHash } from './revision.ts';
import { recallStatus, statusDoubt, statusFact } from './status-memory.ts';
import { TARGET_URL_ANNOTATION, wantsPending } from './annotations.ts';
import { isProgress } from './status.ts';
import { draftStatus, isWholeCommit } from './status-draft.ts';

/** What a context says of a commit, in the words of the forge. */
export interface CommitStatus {
  readonly sha: string;
  readonly context: string;
  readonly state: string;
  readonly description: string;
  /** The page that it links to; empty where the Provider asks for none. */
  readonly url: string;
}

/** What asking a forge brought to light. */
export interface StatusReading {
  /** The present value of the context; undefined when it has none. */
  readonly value: string | undefined;
  /** What of it is worth remembering. */
  readonly remember?: readonly Fact[];
}

/** A repository of a forge, ready to be asked; nothing is asked before a method is called. */
export interface StatusRepository {
  /** The API and the repository, the same however the address is written. */
  readonly id: string;
  /** How the context stands among those of the commit; its name when absent. */
  contextKey?(status: CommitStatus): string;
  /** What tells this status from another one of its context; equal statuses have equal values. */
  toValue?(status: CommitStatus): string;
  /** Asked before everything else that is asked, also for an event that then sets no status; what it learns is remembered. */
  greet?(): Promise<readonly Fact[]>;
  /** Gets the token where there is none yet. */
  authenticate?(): Promise<void>;
  read(status: CommitStatus, commit: Commit): Promise<StatusReading>;
  /** What it learns is remembered. */
  create(status: CommitStatus): Promise<void | readonly Fact[]>;
}

/** A forge as far as statuses differ. */
export interface StatusForge {
  /** As it stands in faults and in the memory. */
  readonly name: string;
  readonly states: {
    readonly success: string;
    readonly failure: string;
    readonly pending: string;
  };
  /** Flux shows work that goes on here; elsewhere only a Provider that asks for it does. */
  readonly showsProgress?: boolean;
  readonly maxDescriptionChars: number;
  /** A longer link is refused by the forge; absent where none is documented. */
  readonly maxUrlChars?: number;
  /** Throws ConfigFault for an address or credentials that cannot work. */
  open(context: SendContext, input: RenderInput): StatusRepository;
  readonly limitedMs?: ForgeErrorReading['limitedMs'];
}

/** The value of a status on forges where state, description and link are all that can differ; `url` is empty where links do not count. */
export function statusValue({ state, description, url }: Pick<CommitStatus, 'state' | 'description' | 'url'>): string {
  return JSON.stringify(url === '' ? [state, description] : [state, description, url]);
}

/** The link that a forge answered, as far as it counts: a Provider that asks for none does not care for another's. */
export function linkOf(answered: unknown, wanted: Pick<CommitStatus, 'url'>): string {
  return wanted.url !== '' && typeof answered === 'string' ? answered : '';
}

/** Sets the status unless the commit has it already. */
export async function sendCommitStatus(forge: StatusForge, context: SendContext, input: RenderInput): Promise<Outcome> {
  if (!isShown(forge, input)) {
    return { kind: 'delivered', note: 'progress sets no status' };
  }
  if (!input.statusId) throw new ConfigFault('commit status cannot be empty');
  requireShortLink(forge, input.targetUrl ?? '');
  const repository = forge.open(context, input);
  const reading = {
    config: input.config,
    nowMs: context.clock.nowMs(),
    ...(forge.limitedMs === undefined ? {} : { limitedMs: forge.limitedMs }),
  };
  const progress = { doing: 'could not ask the server what it is' };
  try {
    return await bring(forge, { context, input, repository, progress });
  } catch (error) {
    return outcomeOfForgeError(error, { what: progress.doing, ...reading });
  }
}

/** An event that tells of progress shows nothing of its object, but it counts for the commit. */
function isShown(forge: StatusForge, input: RenderInput): boolean {
  if (!isProgress(input.event.reason) || isWholeCommit(input)) return true;
  return forge.showsProgress === true || wantsPending(input.config.annotations);
}

interface Delivery {
  readonly context: SendContext;
  readonly input: RenderInput;
  readonly repository: StatusRepository;
  readonly progress: { doing: string };
}

/** Brings the commit to the status with as few calls as what is known allows. */
async function bring(forge: StatusForge, { context, input, repository, progress }: Delivery): Promise<Outcome> {
  const drafted = draftStatus(forge, input);
  if ('fault' in drafted) {
    await repository.greet?.();
    return { kind: 'rejected', reason: 'bad-request', message: drafted.fault };
  }
  // The link of a whole commit comes from whichever object spoke last, which is no news.
  const compared = isWholeCommit(input) ? { ...drafted, url: '' } : drafted;
  const wanted = repository.toValue?.(compared) ?? statusValue(compared);
  const present = statusFact(context, wanted);
  // What was read without links says nothing about them.
  const scope = `${forge.name}-commit${compared.url === '' ? '' : '-links'}:${repository.id}@${compared.sha}`;
  const recalled = await recallStatus(context, scope, repository.contextKey?.(compared) ?? compared.context);
  // Nothing is remembered anew: what nobody looked at must not grow younger.
  if (recalled.known?.value === wanted) return { kind: 'delivered', note: 'the status is there already' };
  const learnt = (await repository.greet?.()) ?? [];
  progress.doing = 'could not get a token';
  await repository.authenticate?.();
  progress.doing = 'could not list commit statuses';
  const known: StatusReading = recalled.known ?? (await repository.read(compared, { scope, isDoubtful: recalled.isDoubtful }));
  const found = [...learnt, ...(known.remember ?? [])];
  if (known.value === wanted) return { kind: 'delivered', note: 'the status is there already', remember: [...found, present] };
  // Where a spent budget stands between reading and writing, what was read need not be read again.
  context.learn(found);
  progress.doing = 'could not create commit status';
  const made = await create({ context, repository }, drafted);
  return { kind: 'delivered', remember: [...found, present, ...made], ...noteOf(input, drafted) };
}

/** What may have been written all the same is looked for by the next try. */
async function create({ context, repository }: Pick<Delivery, 'context' | 'repository'>, status: CommitStatus): Promise<readonly Fact[]> {
  try {
    return (await repository.create(status)) ?? [];
  } catch (error) {
    if (mayHaveHappened(error)) context.learn([statusDoubt(context)]);
    throw error;
  }
}

/** The event does not tell what a status says that is not about its object, so the history does. */
function noteOf({ tally }: RenderInput, { sha, description }: CommitStatus): { readonly note?: string } {
  if (tally?.words === undefined && tally?.closedBy === undefined) return {};
  return { note: `commit ${shortHash(sha)}: ${description}` };
}

/** A link that is cut leads nowhere. */
function requireShortLink({ name, maxUrlChars = Infinity }: StatusForge, url: string): void {
  if (url.length <= maxUrlChars) return;
  throw new ConfigFault(`the annotation ${TARGET_URL_ANNOTATION} gave ${url.length} characters, and ${name} takes ${maxUrlChars}`);
}

/**
 * The lane of a status. Two Providers may point at one repository, so it belongs to the repository and not to the Provider;
 * `repositoryOf` throws for an address that names none.
 */
export function statusLane(
  { address, annotations, event, isWholeCommit: isWhole = false, statusId, target }: LaneInput,
  { repositoryOf, showsProgress = false }: { repositoryOf: (address: string) => readonly string[]; showsProgress?: boolean },
): readonly string[] | undefined {
  // Progress that posts nothing must not supersede a verdict that still waits.
  if (!statusId || (isProgress(event.reason) && !showsProgress && !isWhole && !wantsPending(annotations))) return undefined;
  const sha = commitHash(findRevision(event.metadata) ?? '');
  if (sha === undefined) return undefined;
  try {
    return [...repositoryOf(address), sha, statusId];
  } catch {
    // An address in a Secret is not known here, and one that is wrong is reported by the attempt.
    return ['provider', `${target.namespace}/${target.name}`, sha, statusId];
  }
}

/** The token, which must fit into a header; throws ConfigFault. */
export function requireToken(token: string, forge: string): string {
  if (token === '') throw new ConfigFault(`${forge} token cannot be empty`);
  return requireSendable(token);
}

/** A credential that a header can carry; throws ConfigFault. */
export function requireSendable(token: string): string {
  if (!/^[\t\x20-\x7e]+$/.test(token)) throw new ConfigFault('the token holds a line end or another character that cannot be sent');
  return token;
}

/** The parts of `a/b/c` as parts of an API's path; throws ConfigFault unless there are as many as the forge's addresses have. */
export function requirePathParts(id: string, shape: string): readonly string[] {
  const parts = id.split('/');
  const isWhole = parts.length === shape.split('/').length && parts.every((part) => part !== '' && part !== '.' && part !== '..');
  // An address that could not be understood may be a credential in the wrong place, so it is not shown.
  if (!isWhole) throw new ConfigFault(`invalid repository id: the address must end with ${shape}`);
  return parts;
}
