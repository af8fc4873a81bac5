// Bodies as the history shows them: redacted before they are cut, so that no half of a secret is left at the end.
import type { Redactor } from '../sdk/transport.ts';

/** How much of a body the history keeps. */
const EXCERPT_BYTES = 4096;
/** How much of it a message shows. */
const MESSAGE_CHARS = 500;
/** How much is scanned; what a cut at the end could have halved is not shown. */
const WINDOW_BYTES = 65_536;
const LONGEST_SECRET_CHARS = 4096;

export interface Body {
  readonly content: string | Uint8Array | undefined;
  /** More came than is here. */
  readonly truncated?: boolean;
}

/** At most 4 KiB of a body as text, without secrets. */
export function excerptOf(body: Body, redactor: Redactor): string {
  const { text, isCut } = toWindow(body);
  const clean = redactor.redact(text);
  const shown = isCut ? clean.slice(0, Math.max(0, clean.length - LONGEST_SECRET_CHARS)) : clean;
  return cutBytes(shown, EXCERPT_BYTES);
}

/** The beginning of an answer as one line of an error message. */
export function messageExcerptOf(body: Body, redactor: Redactor): string {
  return toLine(excerptOf(body, redactor), MESSAGE_CHARS);
}

/** One line without control characters, cut at a whole character. */
export function toLine(text: string, maxChars: number): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  if (line.length <= maxChars) return line;
  return `${line.slice(0, maxChars - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** Size of a body on the wire. */
export function byteLength(content: string | Uint8Array | undefined): number {
  if (content === undefined) return 0;
  return typeof content === 'string' ? Buffer.byteLength(content) : content.byteLength;
}

function toWindow({ content, truncated }: Body): { text: string; isCut: boolean } {
  if (content === undefined) return { text: '', isCut: false };
  const isCut = truncated === true || content.length > WINDOW_BYTES;
  if (typeof content === 'string') return { text: content.slice(0, WINDOW_BYTES), isCut };
  const window = content.subarray(0, WINDOW_BYTES);
  return { text: Buffer.from(window.buffer, window.byteOffset, window.byteLength).toString('utf8'), isCut };
}

function cutBytes(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  const bytes = Buffer.from(text, 'utf8');
  let end = maxBytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}
