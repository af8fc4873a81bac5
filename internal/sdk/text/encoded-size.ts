// Budgets of whole JSON bodies: vendors count bytes after escaping, which makes some characters six times as long.
import { cutBytes, cutChars } from './cut.ts';
import { compareUtf8, encodeGoJson } from './go-json.ts';

const MORE_KEY = 'more';
/** Kept free for the entry that says how much is missing. */
const MORE_BYTES = 64;
/** Colon and comma between two strings. */
const SEPARATOR_BYTES = 2;

/** The bytes that a text takes as a JSON string, quotes included. */
export function encodedBytes(text: string): number {
  return Buffer.byteLength(encodeGoJson(text));
}

/** The text, cut and marked if needed so that it takes at most `maxBytes` as a JSON string. */
export function cutEncoded(text: string, maxBytes: number): string {
  let cut = cutBytes(text, maxBytes);
  for (let bytes = encodedBytes(cut); bytes > maxBytes && cut !== ''; bytes = encodedBytes(cut)) {
    const share = maxBytes / bytes;
    cut = cutBytes(text, Math.min(Math.floor(Buffer.byteLength(cut) * share), Buffer.byteLength(cut) - 1));
  }
  return cut;
}

export interface MetadataBudget {
  readonly maxKeyChars: number;
  readonly maxValueChars: number;
  /** Of the whole as JSON; what does not fit is counted in an entry `more`. */
  readonly maxBytes: number;
}

/** Metadata in the order of its keys, as much as fits; a record that JSON encodes as a map. */
export function fitMetadata(metadata: Readonly<Record<string, string>>, budget: MetadataBudget): Readonly<Record<string, string>> {
  const fitted = Object.create(null) as Record<string, string>;
  const entries = Object.entries(metadata).sort(([a], [b]) => compareUtf8(a, b));
  let left = budget.maxBytes - MORE_BYTES;
  let leftOut = 0;
  for (const [name, text] of entries) {
    const key = cutChars(name, budget.maxKeyChars);
    const value = cutChars(text, budget.maxValueChars);
    const bytes = encodedBytes(key) + encodedBytes(value) + SEPARATOR_BYTES;
    if (bytes > left) leftOut += 1;
    else {
      left -= bytes;
      fitted[key] = value;
    }
  }
  if (leftOut > 0) fitted[MORE_KEY] = leftOut === 1 ? '1 further key is not shown' : `${leftOut} further keys are not shown`;
  return fitted;
}
