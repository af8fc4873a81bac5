// One delivery of a commit status, on any forge: remembered, else read, else created. What a forge adds is its address, its
// words and its API.
import { ConfigFault, type LaneInput, type RenderInput, type SendContext } from '../provider.ts';
import type { Fact, Outcome } from '../outcome.ts';
import { cutChars } from '../text/cut.ts';
import { type ForgeErrorReading, outcomeOfForgeError } from './forge-answer.ts';
import { commitHash, findRevision } from './revision.ts';
import { commitFacts, recallStatus, statusFact } from './status-memory.ts';
import { isProgress, statusDescription } from './status.ts';

/** As much of a broken revision as a message shows. */
const MAX_SHOWN_CHARS = 100;

/** What a context says of a commit, in the words of the forge. */
export interface CommitStatus {
  readonly sha: string;
  readonly context: string;
  readonly state: string;
  readonly description: string;
}

/** What asking a forge brought to light. */
export interface StatusReading {
  /** The present value of the context; undefined when it has none. */
  readonly value: string | undefined;
  /** Values of all contexts, where the whole commit was read. */
  readonly all?: ReadonlyMap<string, string>;
  /** Whatever else is worth remembering. */
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
  read(status: CommitStatus, commitScope: string): Promise<StatusReading>;
  create(status: CommitStatus): Promise<void>;
}

/** A forge as far as statuses differ. */
export interface StatusForge {
  /** As it stands in faults and in the memory. */
  readonly name: string;
  readonly states: {
    readonly success: string;
    readonly failure: string;
    /** Absent where progress sets no status. */
    readonly pending?: string;
  };
  readonly maxDescriptionChars: number;
  /** Throws ConfigFault for an address or credentials that cannot work. */
  open(context: SendContext, input: RenderInput): StatusRepository;
  readonly limitedMs?: ForgeErrorReading['limitedMs'];
}

/** The value of a status on forges where state and description are all that can differ. */
export function statusValue(status: { readonly state: string; readonly description: string }): string {
  return JSON.stringify([status.state, status.description]);
}

/** Sets the status unless the commit has it already. */
export async function sendCommitStatus(forge: StatusForge, context: SendContext, input: RenderInput): Promise<Outcome> {
  if (forge.states.pending === undefined && isProgress(input.event.reason)) {
    return { kind: 'delivered', note: 'progress sets no status' };
  }
  if (!input.statusId) throw new ConfigFault('commit status cannot be empty');
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

interface Delivery {
  readonly context: SendContext;
  readonly input: RenderInput;
  readonly repository: StatusRepository;
  readonly progress: { doing: string };
}

/** Brings the commit to the status with as few calls as what is known allows. */
async function bring(forge: StatusForge, { context, input, repository, progress }: Delivery): Promise<Outcome> {
  const drafted = draft(forge, input);
  if ('fault' in drafted) {
    await repository.greet?.();
    return { kind: 'rejected', reason: 'bad-request', message: drafted.fault };
  }
  const wanted = repository.toValue?.(drafted) ?? statusValue(drafted);
  const present = statusFact(context, wanted);
  const commitScope = `${forge.name}-commit:${repository.id}@${drafted.sha}`;
  const recalled = await recallStatus(context, commitScope, repository.contextKey?.(drafted) ?? drafted.context);
  // Nothing is remembered anew: what nobody looked at must not grow younger.
  if (recalled?.value === wanted) return { kind: 'delivered', note: 'the status is there already' };
  const learnt = (await repository.greet?.()) ?? [];
  progress.doing = 'could not get a token';
  await repository.authenticate?.();
  progress.doing = 'could not list commit statuses';
  const known: StatusReading = recalled ?? (await repository.read(drafted, commitScope));
  const seen = known.all === undefined ? [] : commitFacts(commitScope, known.all);
  const remember = [...learnt, ...(known.remember ?? []), ...seen, present];
  if (known.value === wanted) return { kind: 'delivered', note: 'the status is there already', remember };
  progress.doing = 'could not create commit status';
  await repository.create(drafted);
  return { kind: 'delivered', remember };
}

function draft(forge: StatusForge, { event, statusId = '' }: RenderInput): CommitStatus | { readonly fault: string } {
  const revision = findRevision(event.metadata);
  if (revision === undefined) return { fault: 'missing revision metadata' };
  const sha = commitHash(revision);
  if (sha === undefined) return { fault: `failed to extract commit hash from '${cutChars(revision, MAX_SHOWN_CHARS)}' revision` };
  const state = stateOf(forge, event);
  if (state === undefined) return { fault: `can't convert to ${forge.name} state` };
  // A context is never cut: two that differ at their end would become one.
  return { sha, context: statusId, state, description: cutChars(statusDescription(event.reason), forge.maxDescriptionChars) };
}

function stateOf({ states }: StatusForge, { reason, severity }: RenderInput['event']): string | undefined {
  if (isProgress(reason)) return states.pending;
  if (severity === 'info') return states.success;
  return severity === 'error' ? states.failure : undefined;
}

/**
 * The lane of a status. Two Providers may point at one repository, so it belongs to the repository and not to the Provider;
 * `repositoryOf` throws for an address that names none.
 */
export function statusLane(
  { address, event, statusId, target }: LaneInput,
  { repositoryOf, hasPending }: { repositoryOf: (address: string) => readonly string[]; hasPending: boolean },
): readonly string[] | undefined {
  // Progress that posts nothing must not supersede a verdict that still waits.
  if (!statusId || (!hasPending && isProgress(event.reason))) return undefined;
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
