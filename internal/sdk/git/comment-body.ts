// The text of a comment on a change request: a marker that nobody sees, Flux's status of the object, and, where the Provider
// wants it, when that was written and what stood there before.
import { createHash } from 'node:crypto';
import type { Fact } from '../outcome.ts';
import type { LaneInput, RenderInput, SendContext } from '../provider.ts';
import { cutChars } from '../text/cut.ts';
import { toFluxMarkdown } from '../text/flux-markdown.ts';

/** On a Provider; without it a comment is what Flux writes. */
const HISTORY_ANNOTATION = 'tocsin.dev/comment-history';

/** Longer than the names that Kubernetes allows; the marker takes its place from the text. */
const MAX_KEY_CHARS = 1_024;
const HISTORY_KEY = 'history';
/** `2026-01-02T03:04:06Z` */
const TIME_CHARS = 20;
const MAX_ENTRIES = 10;
const MAX_REASON_CHARS = 100;
/** More than the largest history takes. */
const HISTORY_CHARS = 4_096;

/** The same for every event of an object by one Provider, and for nothing else. */
export function toMarker(prefix: string, { target, event }: Pick<LaneInput, 'target' | 'event'>): string {
  const { kind, namespace, name } = event.involvedObject;
  return `<!-- ${prefix}:${cutChars(`${target.uid}/${kind}/${namespace}/${name}`, MAX_KEY_CHARS)} -->`.toWellFormed();
}

/** The body, and what has to be remembered for the next one. */
export async function toComment(
  context: SendContext,
  input: RenderInput,
  { marker, maxChars }: { readonly marker: string; readonly maxChars: number },
): Promise<{ readonly body: string; readonly remember: readonly Fact[] }> {
  const head = `${marker}\n\n`;
  // A comment shows how things are now, so that it does not matter how many events it stands for.
  const toText = (chars: number) => toFluxMarkdown({ event: input.event, precededBy: 0 }, chars - head.length).toWellFormed();
  if (!wantsHistory(input)) return { body: head + toText(maxChars), remember: [] };
  const text = head + toText(maxChars - HISTORY_CHARS);
  const history = await continueHistory(context, input, text);
  return {
    body: text + toHistory(history.entries),
    remember: [{ scope: scopeOf(context), key: HISTORY_KEY, value: JSON.stringify(history) }],
  };
}

function wantsHistory({ config: { annotations } }: RenderInput): boolean {
  return Object.hasOwn(annotations, HISTORY_ANNOTATION) && annotations[HISTORY_ANNOTATION] === 'enabled';
}

interface History {
  /** The digest of what the comment says. */
  readonly said: string;
  /** When it came to say so, and what it said before; the newest first. */
  readonly entries: readonly [string, ...string[]];
}

/** Only what is new is an entry: a comment that is written again because nobody knows what it says keeps its time. */
async function continueHistory(context: SendContext, input: RenderInput, text: string): Promise<History> {
  const said = createHash('sha256').update(text).digest('base64url');
  const known = await recallHistory(context);
  if (known?.said === said) return known;
  return { said, entries: [toEntry(input), ...(known?.entries ?? []).slice(0, MAX_ENTRIES)] };
}

/** It is not forgotten with the comment's id: what was said stays said. */
async function recallHistory(context: SendContext): Promise<History | undefined> {
  const fact = await context.memory.get(scopeOf(context), HISTORY_KEY);
  return fact?.known === true ? (JSON.parse(fact.value) as History) : undefined;
}

function scopeOf({ lane }: SendContext): string {
  return `comment-history:${lane}`;
}

function toEntry({ event, nowMs }: RenderInput): string {
  const emoji = event.severity === 'error' ? '\u26A0\uFE0F' : '\u2139\uFE0F';
  // A reason is one word in every event of Flux; in any other it must not become markup.
  const reason = cutChars(event.reason, MAX_REASON_CHARS).replace(/[^\w .:-]/g, ' ');
  return `${toTime(nowMs)} ${emoji} ${reason}`;
}

function toHistory([present, ...earlier]: History['entries']): string {
  const updated = `\nUpdated: ${present.slice(0, TIME_CHARS)}\n`;
  if (earlier.length === 0) return updated;
  const lines = earlier.map((entry) => `* ${entry}\n`).join('');
  return `${updated}\n<details><summary>Earlier</summary>\n\n${lines}\n</details>\n`;
}

function toTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, TIME_CHARS - 1)}Z`;
}
