// What the status of one Alert or Provider should say. Pure.
import type { ClusterObject } from './ports.ts';
import type { ObjectFinding } from './read-object.ts';

/** A success that is on record is not written again before this. */
const SUCCESS_EVERY_MS = 10 * 60_000;
const MAX_MESSAGE_CHARS = 1_000;

/** What one object says of itself, as far as it matters here. */
export interface Observed {
  readonly findings: readonly ObjectFinding[];
  readonly isSuspended: boolean;
  /** What is missing outside of the object, asked for whenever a status is made. */
  readonly blocker?: () => Blocker | undefined;
}

/** Why an object that is fine in itself cannot serve. */
export interface Blocker {
  /** One word, as a condition may have it. */
  readonly reason: string;
  readonly message: string;
}

/** How sending went. */
export interface Health {
  readonly lastSuccessMs?: number;
  readonly lastError?: { readonly atMs: number; readonly reason: string; readonly message: string };
  readonly isFailing: boolean;
}

/** A status as it is written, and what it says of sending. */
export interface ObjectStatus {
  readonly body: StatusBody;
  readonly health: Health;
}

interface StatusBody {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
  readonly lastSuccess?: string;
  readonly lastError?: { readonly time: string; readonly reason: string; readonly message: string };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration: number;
}

const HEALTHY: Health = { isFailing: false };

/** The status that an object has in the cluster; empty where it has none. */
export function readStatus(object: ClusterObject): ObjectStatus {
  const status = object['status'];
  if (typeof status !== 'object' || status === null) return { body: {}, health: HEALTHY };
  const body = status as StatusBody;
  const lastSuccessMs = body.lastSuccess === undefined ? Number.NaN : Date.parse(body.lastSuccess);
  const { lastError } = body;
  const atMs = lastError === undefined ? Number.NaN : Date.parse(lastError.time);
  const ready = readyOf(body);
  return {
    body,
    health: {
      ...(Number.isNaN(lastSuccessMs) ? {} : { lastSuccessMs }),
      ...(lastError === undefined || Number.isNaN(atMs) ? {} : { lastError: { ...lastError, atMs } }),
      isFailing: ready?.status === 'False' && ready.reason === lastError?.reason,
    },
  };
}

/** The status that it should have. Times that say nothing new stay as they were. */
export function applyHealth(question: {
  readonly generation: number;
  readonly health: Health;
  readonly observed: Observed;
  readonly written: ObjectStatus;
  readonly nowMs: number;
}): ObjectStatus {
  const { generation, health, observed, written, nowMs } = question;
  const lastError = errorToWrite(health, written);
  const verdict = judge(observed, health.isFailing ? lastError : undefined);
  const old = readyOf(written.body);
  const isSameState = old?.status === verdict.status;
  const ready: Condition = {
    type: 'Ready',
    ...verdict,
    observedGeneration: generation,
    lastTransitionTime: isSameState && old !== undefined ? old.lastTransitionTime : toTime(nowMs),
  };
  const others = (written.body.conditions ?? []).filter(({ type }) => type !== 'Ready');
  const lastSuccess = successToWrite(health, written, isSameState);
  return {
    body: {
      observedGeneration: generation,
      conditions: [...others, ready],
      ...(lastSuccess === undefined ? {} : { lastSuccess }),
      ...(lastError === undefined ? {} : { lastError }),
    },
    health,
  };
}

/** True when writing the one over the other would change nothing. */
export function isSameStatus(left: ObjectStatus, right: ObjectStatus): boolean {
  return canonical(left.body) === canonical(right.body);
}

/** True for an object that has no status yet and needs nothing. */
export function isFirstAndFine(written: ObjectStatus, wanted: ObjectStatus): boolean {
  return readyOf(written.body) === undefined && readyOf(wanted.body)?.status === 'True';
}

function judge(
  { findings, isSuspended, blocker }: Observed,
  failure: StatusBody['lastError'],
): Pick<Condition, 'status' | 'reason' | 'message'> {
  const fault = findings.find(({ severity }) => severity === 'error');
  if (fault !== undefined) return { status: 'False', reason: 'InvalidSpec', message: cut(`${fault.message}. ${fault.hint}`) };
  if (isSuspended) return { status: 'True', reason: 'Suspended', message: 'It is suspended: nothing is sent until it is resumed.' };
  const blocked = blocker?.();
  if (blocked !== undefined) return { status: 'False', ...blocked };
  if (failure !== undefined) return { status: 'False', reason: failure.reason, message: failure.message };
  return { status: 'True', reason: 'Succeeded', message: 'It is in use.' };
}

/** From when on a success is written again, as long as the state stays the same. */
export function successCountsFrom({ body }: Pick<ObjectStatus, 'body'>): number {
  return body.lastSuccess === undefined ? Number.NEGATIVE_INFINITY : Date.parse(body.lastSuccess) + SUCCESS_EVERY_MS;
}

/** Each success moves the time, but not each is worth a request. */
function successToWrite({ lastSuccessMs }: Health, { body }: ObjectStatus, isSameState: boolean): string | undefined {
  if (lastSuccessMs === undefined) return body.lastSuccess;
  return isSameState && lastSuccessMs < successCountsFrom({ body }) ? body.lastSuccess : toTime(lastSuccessMs);
}

/** The same cause again is no news. */
function errorToWrite({ lastError }: Health, { body }: ObjectStatus): StatusBody['lastError'] {
  if (lastError === undefined) return body.lastError;
  const { atMs, reason, message } = lastError;
  const old = body.lastError;
  return old !== undefined && old.reason === reason ? old : { time: toTime(atMs), reason, message: cut(message) };
}

function readyOf({ conditions }: StatusBody): Condition | undefined {
  return Array.isArray(conditions) ? conditions.find(({ type }) => type === 'Ready') : undefined;
}

function canonical({ observedGeneration, conditions, lastSuccess, lastError }: StatusBody): string {
  const lines = (conditions ?? []).map((one) => [
    one.type,
    one.status,
    one.reason,
    one.message,
    one.lastTransitionTime,
    one.observedGeneration,
  ]);
  return JSON.stringify([observedGeneration, lines, lastSuccess, lastError?.time, lastError?.reason, lastError?.message]);
}

function toTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function cut(text: string): string {
  return text.length > MAX_MESSAGE_CHARS ? `${text.slice(0, MAX_MESSAGE_CHARS).toWellFormed()}…` : text;
}
