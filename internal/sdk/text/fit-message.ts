// Making a message as large as a vendor takes, and no larger: what does not fit is cut at whole characters and marked,
// links are left out whole rather than torn, and neither a long message nor much metadata crowds the other out. A provider
// builds its text from the parts it is given, so that markup and escapes of its own can never be cut in half.
import type { Metadata } from '../../event/event.ts';
import { compareUtf8 } from '../../event/go-text.ts';
import { backlogNote } from './backlog-note.ts';
import { cutChars } from './cut.ts';

export type Entry = readonly [key: string, value: string];

/** What a message is made of, before any of it is cut. */
export interface MessageSource {
  readonly name: string;
  readonly message: string;
  readonly entries: readonly Entry[];
  /** How many older messages this one stands for. */
  readonly precededBy: number;
}

/** What is left after cutting; the sum of all is within the budget. */
export interface MessageParts {
  readonly name: string;
  readonly message: string;
  readonly entries: readonly Entry[];
}

/** In UTF-16 units, which are never fewer than the characters that a vendor counts. */
export interface MessageLimits {
  /** Of all parts together. */
  readonly totalChars: number;
  // What a vendor allows each part on its own; absent where only the whole is limited.
  readonly nameChars?: number;
  readonly messageChars?: number;
  readonly entries?: number;
  readonly keyChars?: number;
  readonly valueChars?: number;
  /** A code fence that a cut leaves open is closed, where the vendor reads Markdown and more text follows. */
  readonly closesFences?: boolean;
}

interface CappedSource extends MessageSource {
  readonly capped: readonly Entry[];
}

/** The room that is kept for saying how much was left out. */
const MORE_CHARS = 48;
/** Where not all metadata fits, no key and no value takes more than this part of the room, and none is cut below the least. */
const ENTRY_SHARE = 8;
const MIN_ENTRY_CHARS = 32;
const FENCE_END = '\n```';
/** How near to the largest text that fits a search stops. */
const SEARCH_STEP_CHARS = 16;
const MAX_LINK_CHARS = 2_048;

/** Metadata in the byte order of its keys, so that equal events give equal messages. */
export function sortedEntries(metadata: Metadata): readonly Entry[] {
  return Object.entries(metadata).toSorted(([a], [b]) => compareUtf8(a, b));
}

/** Renders the parts, cut as little as makes the result fit; `isTooLarge` measures what is sent, escapes included. */
export function fitMessage<Rendered>(options: {
  readonly source: MessageSource;
  readonly limits: MessageLimits;
  readonly render: (parts: MessageParts) => Rendered;
  readonly isTooLarge?: (rendered: Rendered) => boolean;
}): Rendered {
  const { source, limits, render, isTooLarge = () => false } = options;
  const capped = capEntries(source.entries, limits);
  const attempt = (totalChars: number) => render(cutParts({ ...source, capped }, { ...limits, totalChars }));
  const whole = attempt(limits.totalChars);
  if (!isTooLarge(whole)) return whole;
  let fitting = attempt(0);
  let lowChars = 0;
  let highChars = limits.totalChars;
  while (highChars - lowChars > SEARCH_STEP_CHARS) {
    const middleChars = Math.floor((lowChars + highChars) / 2);
    const rendered = attempt(middleChars);
    if (isTooLarge(rendered)) {
      highChars = middleChars;
    } else {
      lowChars = middleChars;
      fitting = rendered;
    }
  }
  return fitting;
}

/** Only the entries that may be shown, each within its own limits. */
function capEntries(entries: readonly Entry[], limits: MessageLimits): readonly Entry[] {
  const { entries: maxEntries = Infinity, keyChars = Infinity, valueChars = Infinity } = limits;
  const count = entries.length <= maxEntries ? entries.length : maxEntries - 1;
  return entries.slice(0, count).map(([key, value]): Entry => [cutChars(key, keyChars), cutText(value, valueChars)]);
}

function cutParts(source: CappedSource, limits: MessageLimits): MessageParts {
  const { name, message, precededBy } = source;
  const { totalChars, nameChars = totalChars, messageChars = totalChars } = limits;
  const note = backlogNote(precededBy);
  const shownName = cutChars(name, Math.min(nameChars, Math.floor(totalChars / 4)));
  const roomChars = Math.max(0, totalChars - shownName.length);
  const wantedChars = Math.min(message.length + note.length, messageChars);
  // Metadata may have what the message leaves, and half of the room in any case.
  const entries = takeEntries(source, Math.max(Math.floor(roomChars / 2), roomChars - wantedChars));
  const leftChars = Math.min(messageChars, Math.max(0, roomChars - sizeOf(entries)));
  const cut = limits.closesFences ? cutFenced : cutText;
  return { name: shownName, message: cut(message, Math.max(0, leftChars - note.length)) + note, entries };
}

function takeEntries({ capped, entries }: CappedSource, roomChars: number): readonly Entry[] {
  if (capped.length === entries.length && sizeOf(capped) <= roomChars) return capped;
  const maxChars = Math.max(MIN_ENTRY_CHARS, Math.floor(roomChars / ENTRY_SHARE));
  const shown: Entry[] = [];
  let usedChars = MORE_CHARS;
  for (const [key, value] of capped) {
    const entry: Entry = [cutChars(key, maxChars), cutText(value, maxChars)];
    usedChars += sizeOf([entry]);
    if (usedChars > roomChars) break;
    shown.push(entry);
  }
  const hidden = entries.length - shown.length;
  if (hidden === 0) return shown;
  return [...shown, ['more', hidden === 1 ? '1 further key is not shown' : `${hidden} further keys are not shown`]];
}

function sizeOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
}

function cutFenced(text: string, maxChars: number): string {
  const cut = cutText(text, maxChars);
  if (cut === text || !endsInFence(cut)) return cut;
  const closed = cutText(text, Math.max(0, maxChars - FENCE_END.length));
  return endsInFence(closed) ? closed + FENCE_END : closed;
}

function endsInFence(text: string): boolean {
  return (text.match(/^[ \t]*```/gm) ?? []).length % 2 === 1;
}

/** As `cutChars`; a link that the cut would tear apart is left out, unless it is most of what there is. */
function cutText(text: string, maxChars: number): string {
  const cut = cutChars(text, maxChars);
  if (cut === text) return text;
  const kept = cut.slice(0, -1);
  const link = /https?:\/\/[\x21-\x7e]*$/.exec(kept.slice(-MAX_LINK_CHARS))?.[0] ?? '';
  const isTorn = link !== '' && /^[\x21-\x7e]/.test(text.slice(kept.length, kept.length + 1));
  return isTorn && link.length * 3 <= kept.length * 2 ? `${kept.slice(0, -link.length)}…` : cut;
}
