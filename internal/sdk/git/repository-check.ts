// Trying the credentials of a forge without writing anything: what its answers say about the repository and about what the
// token may do there, in words that tell a person what to change.
import type { HttpRequest, HttpResponse } from '../http.ts';
import type { Outcome } from '../outcome.ts';
import type { ResolvedConfig, SendContext } from '../provider.ts';
import { ForgeRefusal, type ForgeErrorReading, outcomeOfForgeError, requireJson, requireSuccess } from './forge-answer.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface RepositoryQuestion {
  /** The forge as people call it. */
  readonly forge: string;
  /** The repository as the address has it. */
  readonly name: string;
  /** Reads the repository. */
  readonly request: HttpRequest;
  /** The name in the forge's answer; what differs from the address has been renamed. */
  readonly nameOf?: (repository: Fields) => unknown;
  readonly config: ResolvedConfig;
  readonly limitedMs?: ForgeErrorReading['limitedMs'];
}

/** What a forge told about a repository: it, and the headers that speak of the token. */
export interface FoundRepository {
  readonly repository: Fields;
  readonly headers: HttpResponse['headers'];
}

/** Reads the repository; an outcome where that already says what is wrong. */
export async function findRepository(context: SendContext, question: RepositoryQuestion): Promise<FoundRepository | Outcome> {
  try {
    const { response, isMoved } = await ask(context, question.request);
    const answer = requireJson(requireSuccess(response));
    const repository = typeof answer === 'object' && answer !== null ? (answer as Fields) : {};
    const moved = movedTo(question, repository);
    if (isMoved || moved !== undefined) return renamed(question, moved);
    return { repository, headers: response.headers };
  } catch (error) {
    return outcomeOfRefusedCheck(error, context, question);
  }
}

/** The outcome of a question about the repository that was refused; throws what is no refusal. */
export function outcomeOfRefusedCheck(
  error: unknown,
  context: SendContext,
  { forge, name, config, limitedMs }: Pick<RepositoryQuestion, 'forge' | 'name' | 'config' | 'limitedMs'>,
): Outcome {
  const reading = { config, nowMs: context.clock.nowMs(), ...(limitedMs === undefined ? {} : { limitedMs }) };
  return outcomeOfForgeError(error, { what: meaningOf(error, { forge, name }), ...reading });
}

/** What the forge's answers come to. */
export interface Access {
  readonly name: string;
  /** What the type writes. */
  readonly written: string;
  readonly isArchived?: boolean;
  /** What the credentials lack for writing it. */
  readonly lacks?: string | undefined;
  /** What the forge does not tell before something is written. */
  readonly doubt?: string | undefined;
  /** The day on which the token ends, where the forge tells it. */
  readonly expiresOn?: string | undefined;
}

/** The sentence about it, and whether somebody has to act. */
export function outcomeOfAccess({ name, written, isArchived, lacks, doubt, expiresOn }: Access): Outcome {
  if (isArchived === true) {
    return { kind: 'rejected', reason: 'bad-request', message: `${name} is archived, so that no ${written} can be written there` };
  }
  if (lacks !== undefined) {
    const message = `the token can read but not write ${written} on ${name}: ${lacks}`;
    return { kind: 'deferred', reason: 'auth', message, until: 'target-change' };
  }
  const note = doubt === undefined ? `the token can write ${written} on ${name}` : `the token can read ${name}; ${doubt}`;
  return { kind: 'delivered', note: expiresOn === undefined ? note : `${note}; it expires on ${expiresOn}` };
}

/** A list such as `repo, user`, as forges send it in headers. */
export function listedScopes(header: string | undefined): readonly string[] | undefined {
  return header?.split(/[\s,]+/).filter((scope) => scope !== '');
}

/** Follows one redirect on the same server, only to learn where to the repository has moved. */
async function ask(context: SendContext, request: HttpRequest): Promise<{ readonly response: HttpResponse; readonly isMoved: boolean }> {
  const response = await context.http(request);
  if (response.status < 300 || response.status >= 400) return { response, isMoved: false };
  const target = URL.parse(response.headers['location'] ?? '', request.url);
  if (target === null || target.origin !== new URL(request.url).origin) return { response, isMoved: false };
  return { response: await context.http({ ...request, url: target.href }), isMoved: true };
}

function movedTo({ name, nameOf }: RepositoryQuestion, repository: Fields): string | undefined {
  const found = nameOf?.(repository);
  return typeof found === 'string' && found.toLowerCase() !== name.toLowerCase() ? found : undefined;
}

function renamed({ name }: RepositoryQuestion, found: string | undefined): Outcome {
  const place = found === undefined ? '' : ` to ${found}`;
  const message = `${name} was renamed or moved${place}: write the new address into the Provider`;
  return { kind: 'rejected', reason: 'bad-request', message };
}

function meaningOf(error: unknown, { forge, name }: { readonly forge: string; readonly name: string }): string {
  const status = error instanceof ForgeRefusal ? error.status : 0;
  if (status === 401) return `${forge} does not accept the token, which is mistyped, has expired or was revoked`;
  if (status === 404) return `there is no ${name}, or the token may not see it`;
  return `could not read ${name}`;
}
