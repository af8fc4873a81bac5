// Turns what node:sqlite and the file system throw into StoreError with a code that a caller can act on.
import type { Failure } from '../operations.ts';
import { StoreError } from '../store.ts';

const BUSY = 5;
const LOCKED = 6;
const READ_ONLY = 8;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;
const OUTAGES: readonly number[] = [BUSY, LOCKED, READ_ONLY, IO_ERROR, CORRUPT, FULL, CANNOT_OPEN, NOT_A_DATABASE];

export function toFailure(error: unknown, path: string): Failure {
  if (error instanceof StoreError) return { code: error.code, message: error.message };
  const code = property(error, 'code');
  const text = error instanceof Error ? error.message : String(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return { code: 'full', message: `the disk that holds the store ${path} is full` };
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return readOnly(path);
  const result = property(error, 'errcode');
  if (typeof result === 'number') return fromResultCode(result & 0xff, text, path);
  return { code: 'io', message: `the store ${path} failed: ${text}` };
}

/** True when the disk or the file is at fault, and not what was to be written. */
export function isOutage(error: unknown): boolean {
  if (error instanceof StoreError) return false;
  const result = property(error, 'errcode');
  if (typeof result === 'number') return OUTAGES.includes(result & 0xff);
  return property(error, 'syscall') !== undefined;
}

function fromResultCode(result: number, text: string, path: string): Failure {
  switch (result) {
    case FULL:
      return { code: 'full', message: `the store ${path} cannot grow: the disk is full` };
    case BUSY:
    case LOCKED:
      return { code: 'locked', message: `the store ${path} is in use by another process` };
    case READ_ONLY:
      return readOnly(path);
    case CORRUPT:
    case NOT_A_DATABASE:
      return { code: 'corrupt', message: `the store ${path} is not a usable database: ${text}` };
    case CANNOT_OPEN:
      return { code: 'io', message: `the store ${path} cannot be opened: ${text}` };
    case IO_ERROR:
      return { code: 'io', message: `reading or writing the store ${path} failed: ${text}` };
    default:
      return { code: 'io', message: `the store ${path} failed: ${text}` };
  }
}

function readOnly(path: string): Failure {
  return { code: 'read-only', message: `the store ${path} cannot be written: its file or folder is read-only for this user` };
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
