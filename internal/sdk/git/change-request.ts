// The number of the change request that an event is about.
import type { Metadata } from '../../event/event.ts';
import { cutChars } from '../text/cut.ts';

const KEY = 'change_request';
const MAX_SHOWN_CHARS = 100;

/** `isNumber` tells a number that no change request has from what is no number at all. */
export type ChangeRequestNumber = { readonly value: number } | { readonly fault: string; readonly isNumber: boolean };

/** Reads the combined metadata; a sign and leading zeros are allowed, as Flux allows them. */
export function changeRequestNumber(metadata: Metadata): ChangeRequestNumber {
  const text = Object.hasOwn(metadata, KEY) ? metadata[KEY] : undefined;
  if (text === undefined) return { fault: `missing "${KEY}" metadata key`, isNumber: false };
  const fault = `invalid "${KEY}" metadata value "${cutChars(text, MAX_SHOWN_CHARS)}"`;
  if (!/^[+-]?\d+$/.test(text)) return { fault, isNumber: false };
  const value = Number(text);
  if (!Number.isSafeInteger(value)) return { fault, isNumber: false };
  return value >= 1 ? { value } : { fault: `${fault}: change requests are numbered from 1`, isNumber: true };
}
