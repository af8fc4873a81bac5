// What an API server refuses, or why it could not be asked.

/** An RBAC rule, as a request needs it. */
interface Rule {
  readonly group: string;
  /** With its subresource: `alerts`, `alerts/status`. */
  readonly resource: string;
  readonly verb: string;
  /** Absent = cluster-wide. */
  readonly namespace?: string;
}

interface KubeErrorFields {
  readonly status: number;
  readonly reason: string;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/**
 * One failed request. `status` is 0 when there was no answer; `reason` is the API server's, or `Timeout`, `Silent` or
 * `Unreachable` where it said nothing.
 */
export class KubeError extends Error {
  readonly status: number;
  readonly reason: string;
  /** When the API server wants to be asked again. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, fields: KubeErrorFields) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = 'KubeError';
    this.status = fields.status;
    this.reason = fields.reason;
    this.retryAfterMs = fields.retryAfterMs;
  }
}

/** Whether the resource version or the page that was asked for is no longer kept. */
export function isGone(error: unknown): boolean {
  return error instanceof KubeError && error.status === 410;
}

/** Whether a watch cannot go on from where it was: its version is no longer kept, means nothing, or is not reached yet. */
export function isVersionLost(error: unknown): boolean {
  if (!(error instanceof KubeError)) return false;
  const { status, reason, message } = error;
  return status === 410 || status === 400 || reason === 'Silent' || (status === 504 && message.includes('Too large resource version'));
}

/** Whether there is no such object, or no such resource. */
export function isNotFound(error: unknown): boolean {
  return error instanceof KubeError && error.status === 404;
}

/** Whether somebody else created or wrote the object first. */
export function isConflict(error: unknown): boolean {
  return error instanceof KubeError && error.status === 409;
}

/** What was tried, in words, and the rule that it needs. */
export interface Attempted {
  /** `list alerts.notification.toolkit.fluxcd.io` */
  readonly what: string;
  readonly rule?: Rule;
}

/** The error that an answer of 400 and above means; `body` is a Status object, or whatever stood there instead. */
export function toKubeError(attempted: Attempted, answer: { status: number; body: string; retryAfter?: string | undefined }): KubeError {
  const { status, body, retryAfter } = answer;
  const said = readStatus(body);
  const remedy = status === 403 && attempted.rule ? `; the missing rule is ${describeRule(attempted.rule)}` : '';
  const seconds = Number(retryAfter);
  return new KubeError(`cannot ${attempted.what}: ${said.message ?? `the API server answered ${status}`}${remedy}`, {
    status,
    reason: said.reason ?? 'Unknown',
    ...(retryAfter !== undefined && seconds >= 0 ? { retryAfterMs: seconds * 1000 } : {}),
  });
}

/** The error that an ERROR event of a watch carries. */
export function toWatchError(attempted: Attempted, status: { code?: unknown; reason?: unknown; message?: unknown }): KubeError {
  const message = typeof status.message === 'string' ? status.message : 'the watch was ended with an error';
  return new KubeError(`cannot ${attempted.what}: ${message}`, {
    status: typeof status.code === 'number' ? status.code : 500,
    reason: typeof status.reason === 'string' ? status.reason : 'Unknown',
  });
}

/** The rule as it is written in a Role. */
function describeRule({ group, resource, verb, namespace }: Rule): string {
  const place = namespace === undefined ? 'in a ClusterRole' : `in a Role of namespace '${namespace}'`;
  return `{apiGroups: ["${group}"], resources: ["${resource}"], verbs: ["${verb}"]} ${place}`;
}

const EXCERPT = 300;

function readStatus(body: string): { message?: string; reason?: string } {
  try {
    const status = JSON.parse(body) as { message?: unknown; reason?: unknown } | null;
    return {
      ...(typeof status?.message === 'string' ? { message: status.message } : {}),
      ...(typeof status?.reason === 'string' ? { reason: status.reason } : {}),
    };
  } catch {
    // Proxies and load balancers answer in text or HTML; its beginning says most.
    const text = body.trim().slice(0, EXCERPT);
    return text === '' ? {} : { message: text };
  }
}
