// What people read: times in words, plain tables, colours only on a terminal.
import { cutChars } from '../internal/sdk/text/cut.ts';

const STEPS: readonly (readonly [limitMs: number, unitMs: number, unit: Intl.RelativeTimeFormatUnit])[] = [
  [90_000, 1000, 'second'],
  [5_400_000, 60_000, 'minute'],
  [129_600_000, 3_600_000, 'hour'],
  [Number.POSITIVE_INFINITY, 86_400_000, 'day'],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' });

/** `atMs` as seen from `nowMs`: "3 minutes ago", "in 2 hours". */
export function toWords(atMs: number, nowMs: number): string {
  const distanceMs = atMs - nowMs;
  if (Math.abs(distanceMs) < 1000) return 'now';
  const [, unitMs, unit] = STEPS.find(([limitMs]) => Math.abs(distanceMs) < limitMs) ?? [0, 86_400_000, 'day' as const];
  return relative.format(Math.round(distanceMs / unitMs), unit);
}

/** Columns padded to their widest cell, two spaces between; control characters cannot disturb the terminal. */
export function toTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return createColumns(header)(rows);
}

/** A table that comes in pieces, the header with the first: columns keep the width that they have reached. */
export function createColumns(header: readonly string[]): (rows: readonly (readonly string[])[]) => string {
  let widths = header.map(() => 0);
  let isFirst = true;
  return (rows) => {
    const lines = (isFirst ? [header, ...rows] : rows).map((row) => row.map(printable));
    isFirst = false;
    widths = widths.map((width, column) => lines.reduce((widest, line) => Math.max(widest, widthOf(line[column] ?? '')), width));
    return lines.map((line) => toLine(line, widths)).join('\n');
  };
}

function toLine(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
    .join('  ')
    .trimEnd();
}

/** Plain letters are most of what there is. */
const NARROW = /^[\x20-\x7e]*$/;
/** Takes no column of its own: marks on the character before, joiners, variation selectors. */
const WITHOUT_WIDTH = /[\p{Mn}\p{Me}\p{Cf}]/gu;
/** Takes two columns on a terminal; Unicode's own table of widths is not at hand, and this is what names and messages have of it. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/gu;

/** Two UTF-16 units that are one letter. */
const OUTSIDE_THE_PLANE = /[\u{10000}-\u{10ffff}]/gu;

/** How many columns of a terminal the text takes. */
function widthOf(text: string): number {
  if (NARROW.test(text)) return text.length;
  return text.replaceAll(WITHOUT_WIDTH, '').replaceAll(WIDE, '##').replaceAll(OUTSIDE_THE_PLANE, '#').length;
}

/** The text on one line, without control characters and without those that turn the order of what follows. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, ' ');
}

/** The beginning of a text on one line; a mark shows where it was cut. */
export function shorten(text: string, maxChars: number): string {
  return cutChars(printable(text), maxChars);
}

/** `Kind/namespace/name` as it was sent; a sender may name no object at all. */
export function toObjectWords({
  kind,
  namespace,
  name,
}: {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}): string {
  return [kind, namespace, name].every((part) => part === '') ? 'no object' : `${kind}/${namespace}/${name}`;
}

/** A number for people, of things where they are named: `1 delivery`, `12,000 deliveries`. */
export function toCount(count: number, thing?: 'delivery' | 'event'): string {
  const number = count.toLocaleString('en');
  if (thing === undefined) return number;
  const several = thing === 'delivery' ? 'deliveries' : 'events';
  return `${number} ${count === 1 ? thing : several}`;
}
