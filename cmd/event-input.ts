// Events that people hand to commands: a file, standard input, or an object about which one is made up.
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { text as readText } from 'node:stream/consumers';
import type { Event } from '../internal/event/event.ts';
import { toEvent } from '../internal/event/flux.ts';
import { groupOf } from '../internal/event/metadata.ts';
import type { StoredEvent } from '../internal/outbox/store.ts';
import { apiVersionOf, type EventWords, type ObjectName, toKind } from './event-words.ts';
import { describeReadError } from './read-error.ts';
import type { Terminal } from './terminal.ts';

/** What was handed in cannot be used; `message` says why. */
export class InputError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InputError';
  }
}

const WINDOW_MS = 300_000;

/** How a message names a file, or standard input for `-`. */
export function nameInput(path: string): string {
  return path === '-' ? 'standard input' : path;
}

/** The text of a file, or of standard input for `-`. */
async function readInput(path: string): Promise<string> {
  try {
    return path === '-' ? await readText(process.stdin) : await readFile(path, 'utf8');
  } catch (cause) {
    throw new InputError(`cannot read ${nameInput(path)}: ${describeReadError(cause)}`, { cause });
  }
}

/** The body of an event in a file or in standard input for `-`: as it was sent, or as `tocsin events --output json` wrote it. */
export async function readEventBody(path: string): Promise<string> {
  const text = await readInput(path);
  const found = toStoredEvents(text);
  const [stored] = found;
  if (stored === undefined) return text;
  if (found.length > 1) {
    throw new InputError(`${nameInput(path)} holds ${found.length} events; "tocsin events show ID --output json" writes one`);
  }
  return stored.event.body;
}

/** What an export holds; nothing for any other text. */
function toStoredEvents(text: string): readonly StoredEvent[] {
  const value = parseJson(text);
  const items = typeof value === 'object' && value !== null && 'items' in value && Array.isArray(value.items) ? value.items : [value];
  return items.filter(isStoredEvent);
}

/** Whether a value is an event as the admin API gives it. */
export function isStoredEvent(value: unknown): value is StoredEvent {
  if (typeof value !== 'object' || value === null || !('event' in value) || !('verdicts' in value)) return false;
  const { event, verdicts } = value;
  return typeof event === 'object' && event !== null && 'flux' in event && 'subject' in event && 'body' in event && Array.isArray(verdicts);
}

/** The event of a body, as the event port would take it now. */
export function toInputEvent(body: string, source: string, terminal: Terminal): Event {
  const event = toEvent({ body, nowMs: terminal.nowMs(), windowMs: WINDOW_MS, origin: 'file' });
  if ('invalid' in event) throw new InputError(`${source} is not an event: ${event.invalid}`);
  return event;
}

/** `Kind/namespace/name`, as people write kinds; undefined for anything else. */
export function parseObjectName(text: string): ObjectName | undefined {
  const [kind, namespace, name, ...rest] = text.split('/');
  return kind && namespace && name && rest.length === 0 ? { kind: toKind(kind), namespace, name } : undefined;
}

/** A body of an event about an object. */
export function toTestBody(object: ObjectName, words: EventWords, nowMs: number): string {
  const apiVersion = apiVersionOf(object.kind);
  return JSON.stringify({
    involvedObject: { apiVersion, ...object },
    severity: words.severity,
    timestamp: new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    message: words.message,
    reason: words.reason,
    metadata: words.revision === undefined ? {} : { [`${groupOf(apiVersion)}/revision`]: words.revision },
    reportingController: 'tocsin-send',
    reportingInstance: 'tocsin-send',
  });
}

/** The same event with a token of its own, so that it is never a duplicate; the token is part of no message. */
export function toUnique(body: string, source: string): string {
  const event = parseObject(body, source);
  const involved = toRecord(event['involvedObject']);
  const apiVersion = typeof involved['apiVersion'] === 'string' ? involved['apiVersion'] : '';
  const metadata = { ...toRecord(event['metadata']), [`${groupOf(apiVersion)}/token`]: randomUUID() };
  return JSON.stringify({ ...event, metadata });
}

function parseObject(body: string, source: string): Record<string, unknown> {
  const value = parseJson(body);
  if (value === undefined) throw new InputError(`${source} is not an event: it is not JSON`);
  return toRecord(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The caller says what it wanted.
    return undefined;
  }
}

function toRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
