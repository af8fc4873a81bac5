// Lists of any length: a table that grows page by page, JSON as one document, or one row a line for files and pipes.
import type { Command } from 'commander';
import { type AdminFlags, type Query, withAdminFlags } from './admin-client.ts';
import { pages } from './pages.ts';
import { type PageFlags, toLimit } from './narrowing.ts';
import type { Terminal } from './terminal.ts';
import { refuseUnknownProvider } from './unknown-provider.ts';
import { createColumns } from './words.ts';

export interface ListFlags extends Omit<AdminFlags, 'output'>, PageFlags {
  readonly output: 'json' | 'jsonl' | 'table';
  readonly follow?: boolean;
}

/** One kind of row: where the API lists it, and how people read it. */
export interface Listing<T> {
  readonly path: string;
  readonly header: readonly string[];
  readonly toCells: (row: T, nowMs: number) => readonly string[];
  readonly none: string;
}

/** Writes rows as they come. */
export interface Printer<T> {
  add(rows: readonly T[]): void;
  /** `next` is the cursor behind the last row, null when there is nothing more. */
  end(next: string | null): void;
}

/** Adds the flags of asking, with the formats of lists. */
export function withListFlags(command: Command): Command {
  return withAdminFlags(command, ['json', 'jsonl', 'table']);
}

/** Prints the list up to its limit; rejects where nothing is found for a Provider that nobody knows. */
export async function printList<T>(listing: Listing<T>, query: Query, flags: ListFlags, terminal: Terminal): Promise<void> {
  const printer = toPrinter(listing, flags, terminal);
  let next: string | null = null;
  let isEmpty = true;
  try {
    for await (const page of pages<T>(toAdminFlags(flags), listing.path, { ...query, after: flags.after }, { limit: toLimit(flags) })) {
      printer.add(page.items);
      next = page.next;
      if (page.items.length > 0) isEmpty = false;
    }
  } catch (error) {
    // What has been written stays readable, and says where to go on.
    if (!isEmpty) printer.end(next);
    throw error;
  }
  if (isEmpty && typeof query['target'] === 'string') await refuseUnknownProvider(toAdminFlags(flags), query['target']);
  printer.end(next);
}

/** As commands that know two formats take them. */
export function toAdminFlags(flags: ListFlags): AdminFlags {
  return { ...flags, output: flags.output === 'table' ? 'table' : 'json' };
}

/** One thing for programs: readable, or on one line. */
export function toJson(value: unknown, format: ListFlags['output']): string {
  return format === 'jsonl' ? JSON.stringify(value) : JSON.stringify(value, null, 2);
}

function toPrinter<T>(listing: Listing<T>, { output }: ListFlags, terminal: Terminal): Printer<T> {
  switch (output) {
    case 'table':
      return tablePrinter(listing, terminal);
    case 'json':
      return documentPrinter(terminal);
    case 'jsonl':
      return linePrinter(terminal);
    default:
      return output satisfies never;
  }
}

/** Rows that never end, as `--follow` has them: JSON comes one row a line. */
export function toEndlessPrinter<T>(listing: Listing<T>, { output }: ListFlags, terminal: Terminal): Printer<T> {
  return output === 'table' ? tablePrinter(listing, terminal) : linePrinter(terminal);
}

function tablePrinter<T>({ header, toCells, none }: Listing<T>, terminal: Terminal): Printer<T> {
  const columns = createColumns(header);
  let isEmpty = true;
  return {
    add: (rows) => {
      if (rows.length === 0) return;
      isEmpty = false;
      terminal.print(columns(rows.map((row) => toCells(row, terminal.nowMs()))));
    },
    end: (next) => {
      if (isEmpty) terminal.print(none);
      else if (next !== null) terminal.note(`There may be more: --limit 0 lists all, --after ${next} goes on here.`);
    },
  };
}

function linePrinter<T>(terminal: Terminal): Printer<T> {
  return {
    add: (rows) => {
      if (rows.length > 0) terminal.print(rows.map((row) => JSON.stringify(row)).join('\n'));
    },
    end: () => undefined,
  };
}

/** What JSON.stringify would write of the whole, without ever holding it. */
function documentPrinter<T>(terminal: Terminal): Printer<T> {
  let held: string | undefined;
  let isBegun = false;
  const flush = (comma: string): void => {
    if (held === undefined) return;
    if (!isBegun) terminal.print('{\n  "items": [');
    isBegun = true;
    terminal.print(`${held}${comma}`);
  };
  return {
    add: (rows) => {
      if (rows.length === 0) return;
      flush(',');
      held = rows.map((row) => `    ${JSON.stringify(row, null, 2).replaceAll('\n', '\n    ')}`).join(',\n');
    },
    end: (next) => {
      flush('');
      terminal.print(`${isBegun ? '  ],' : '{\n  "items": [],'}\n  "next": ${JSON.stringify(next)}\n}`);
    },
  };
}
