// One manifest file → its pieces. A piece whose text did not change is not parsed again and keeps its objects.
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { ManifestDialect } from '../manifest.ts';
import type { Pace } from '../pace.ts';
import { splitDocuments } from './chunks.ts';
import { type Piece, type PlacedFinding, type Reading, toPiece } from './entries.ts';
import { parseJson, parseYaml } from './parse.ts';
import { type FoundFile, toUnreadable } from './tree.ts';

const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_FILE_DOCUMENTS = 100_000;

/** Everything known of one file. */
export interface FileState {
  readonly path: string;
  readonly stamp: string;
  readonly pieces: readonly { readonly piece: Piece; readonly line: number }[];
  /** By the digest of the text that they were parsed from. */
  readonly byDigest: ReadonlyMap<string, Piece>;
  /** Set when the file could not be read at all. */
  readonly unreadable: PlacedFinding | null;
}

/** Reads a file; undefined when it is gone. What it says about a file never repeats the file's text. */
export async function readManifestFile(
  file: FoundFile,
  previous: FileState | undefined,
  dialect: ManifestDialect,
  pace: Pace,
  reading?: Reading,
): Promise<FileState | undefined> {
  if (file.bytes > MAX_FILE_BYTES) {
    return failed(file, previous, `the file is longer than ${MAX_FILE_BYTES / 1024 / 1024} MiB`, 'Split it into several files.');
  }
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file.path);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    const { message, hint } = toUnreadable(file.path, cause);
    return failed(file, previous, message, hint);
  }
  const text = decode(bytes);
  if (text === undefined) return failed(file, previous, 'the file is not valid UTF-8', 'Save it as UTF-8.');
  return parseGuarded(file, text, { previous, dialect, pace, reading });
}

/** The same for manifests that are no file, such as what a pipe brings. */
export function parseManifestText(path: string, bytes: Uint8Array, dialect: ManifestDialect, pace: Pace): Promise<FileState> {
  const file = { path, stamp: '', bytes: bytes.length };
  const text = decode(bytes);
  if (text === undefined) return Promise.resolve(failed(file, undefined, 'the text is not valid UTF-8', 'Save it as UTF-8.'));
  return parseGuarded(file, text, { previous: undefined, dialect, pace, reading: { keepsSource: true } });
}

async function parseGuarded(file: FoundFile, text: string, context: ParseContext): Promise<FileState> {
  try {
    return await parseFile(file, text, context);
  } catch (cause) {
    // A mistake of ours: its message may hold the file's text, and no file may take the others down.
    const name = cause instanceof Error ? cause.name : typeof cause;
    return failed(file, context.previous, `reading the file failed (${name})`, 'This is a mistake of Tocsin; please report it.');
  }
}

interface ParseContext {
  readonly previous: FileState | undefined;
  readonly dialect: ManifestDialect;
  readonly pace: Pace;
  readonly reading: Reading | undefined;
}

async function parseFile(file: FoundFile, text: string, { previous, dialect, pace, reading }: ParseContext): Promise<FileState> {
  const isJson = extname(file.path).toLowerCase() === '.json';
  const chunks = isJson ? [{ text, line: 0 }] : splitDocuments(text, MAX_FILE_DOCUMENTS);
  if (chunks.length > MAX_FILE_DOCUMENTS) {
    return failed(file, previous, `the file has more than ${MAX_FILE_DOCUMENTS} documents`, 'Split it into several files.');
  }
  const byDigest = new Map<string, Piece>();
  const pieces: { piece: Piece; line: number }[] = [];
  for (const chunk of chunks) {
    // The text itself would stay in memory, and with it the whole file that it is a part of.
    const digest = hash('sha256', chunk.text, 'base64url');
    let piece = byDigest.get(digest) ?? previous?.byDigest.get(digest);
    if (piece === undefined) {
      piece = toPiece(isJson ? parseJson(chunk.text) : parseYaml(detach(chunk.text)), dialect, reading);
      await pace.rest();
    }
    byDigest.set(digest, piece);
    pieces.push({ piece, line: chunk.line });
  }
  return { path: file.path, stamp: file.stamp, pieces, byDigest, unreadable: null };
}

/**
 * A copy with memory of its own. A part of a long string keeps all of it alive, so the objects of a piece would hold the
 * whole file as it was when they were read, one old file for each change.
 */
function detach(text: string): string {
  return Buffer.from(text).toString();
}

function failed(file: FoundFile, previous: FileState | undefined, message: string, hint: string): FileState {
  const unreadable: PlacedFinding = { line: 0, column: 0, field: '', message, hint, severity: 'error', rule: 'unreadable' };
  // Without a stamp the next look tries again.
  return { path: file.path, stamp: '', pieces: [], byDigest: previous?.byDigest ?? new Map(), unreadable };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    // Also takes off a byte order mark.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
