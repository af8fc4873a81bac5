// Shortening text to a vendor's budget without tearing a character apart, at a cost that depends on the budget and not on
// the length of the text.

const MARK = '…';
/** A cluster longer than this is not something that a person would read as one character; it is cut between code points. */
const MAX_CLUSTER_UNITS = 64;

const encoder = new TextEncoder();
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** At most `maxChars` UTF-16 units, which is never more than any other way of counting characters allows; `mark` shows the cut. */
export function cutChars(text: string, maxChars: number, mark: string = MARK): string {
  if (text.length <= maxChars) return text;
  return text.slice(0, boundaryBefore(text, Math.max(0, maxChars - mark.length))) + mark;
}

/** At most `maxBytes` bytes of UTF-8; `mark` shows the cut. */
export function cutBytes(text: string, maxBytes: number, mark: string = MARK): string {
  // No UTF-16 unit is longer than 3 bytes, so most texts need no counting.
  if (text.length * 3 <= maxBytes || (text.length <= maxBytes && encoder.encode(text).length <= maxBytes)) return text;
  const room = Math.max(0, maxBytes - encoder.encode(mark).length);
  const { read } = encoder.encodeInto(text.slice(0, room), new Uint8Array(room));
  return text.slice(0, boundaryBefore(text, read)) + mark;
}

/** The last place at or before `index` where the text may be cut; only the neighbourhood of `index` is looked at. */
function boundaryBefore(text: string, index: number): number {
  const start = Math.max(0, index - MAX_CLUSTER_UNITS);
  const cluster = segmenter.segment(text.slice(start, index + MAX_CLUSTER_UNITS)).containing(index - start);
  const boundary = start + (cluster?.index ?? 0);
  const isWhole = boundary > start || (start === 0 && (cluster?.segment.length ?? 0) <= MAX_CLUSTER_UNITS);
  if (isWhole) return boundary;
  return isLowSurrogate(text.charCodeAt(index)) ? index - 1 : index;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
