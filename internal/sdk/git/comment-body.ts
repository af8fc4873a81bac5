// The text of a comment on a change request: a marker that nobody sees, Flux's status of the object, and, where the Provider
// wants it, when that was written and what stood there before.
import type { Fact } from '../outcome.ts';
import type { LaneInput, RenderInput, SendContext } from '../provider.ts';
import { cutChars } from '../text/cut.ts';
import { toFluxMarkdown } from '../text/flux-markdown.ts';

/** On a Provider; without it a comment is what Flux writes. */
const HISTORY_ANNOTATION = 'tocsin.dev/comment-history';

/** Longer than the names that Kubernetes allows; the marker takes its place from the text. */
const MAX_KEY_CHARS = 1_024;
const HISTORY_KEY = 'history';
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
  const scope = `comment-history:${context.lane}`;
  const earlier = await recallEntries(context, scope);
  const entries = [toEntry(input), ...earlier].slice(0, MAX_ENTRIES);
  return {
    body: head + toText(maxChars - HISTORY_CHARS) + toHistory(input.nowMs, earlier),
    remember: [{ scope, key: HISTORY_KEY, value: JSON.stringify(entries) }],
  };
}

function wantsHistory({ config: { annotations } }: RenderInput): boolean {
  return Object.hasOwn(annotations, HISTORY_ANNOTATION) && annotations[HISTORY_ANNOTATION] === 'enabled';
}

/** The newest first. It is not forgotten with the comment's id: what was said stays said. */
async function recallEntries(context: SendContext, scope: string): Promise<readonly string[]> {
  const fact = await context.memory.get(scope, HISTORY_KEY);
  return fact?.known === true ? (JSON.parse(fact.value) as readonly string[]) : [];
}

function toEntry({ event, nowMs }: RenderInput): string {
  const emoji = event.severity === 'error' ? '\u26A0\uFE0F' : '\u2139\uFE0F';
  // A reason is one word in every event of Flux; in any other it must not become markup.
  const reason = cutChars(event.reason, MAX_REASON_CHARS).replace(/[^\w .:-]/g, ' ');
  return `${toTime(nowMs)} ${emoji} ${reason}`;
}

function toHistory(nowMs: number, earlier: readonly string[]): string {
  const updated = `\nUpdated: ${toTime(nowMs)}\n`;
  if (earlier.length === 0) return updated;
  const lines = earlier.map((entry) => `* ${entry}\n`).join('');
  return `${updated}\n<details><summary>Earlier</summary>\n\n${lines}\n</details>\n`;
}

function toTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
