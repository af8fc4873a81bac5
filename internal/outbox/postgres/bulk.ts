// Statements that write any number of rows at once: one array per column, so that their text is the same for every batch.

export type ColumnType = 'bigint' | 'integer' | 'smallint' | 'text' | 'double precision';

/** The columns of a table by name. */
export type Columns = Readonly<Record<string, ColumnType>>;

/** Inserts rows; the end says what to do about those that are there. */
export function insertText(table: string, columns: Columns, end = ''): string {
  return `INSERT INTO ${table} (${names(columns).join(', ')}) SELECT * FROM unnest(${parameters(columns)}) ${end}`;
}

/** Inserts rows, or gives those of the same key the new values. */
export function upsertText(table: string, columns: Columns, key: readonly string[]): string {
  const changes = names(columns).filter((name) => !key.includes(name));
  const end = `ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${changes.map((name) => `${name} = excluded.${name}`).join(', ')}`;
  return insertText(table, columns, end);
}

/** Gives the rows of these keys new values. */
export function updateText(table: string, columns: Columns, key: string): string {
  const changes = names(columns).filter((name) => name !== key);
  return `UPDATE ${table} SET ${changes.map((name) => `${name} = new.${name}`).join(', ')}
    FROM unnest(${parameters(columns)}) AS new(${names(columns).join(', ')}) WHERE ${table}.${key} = new.${key}`;
}

/** The values of the rows, column by column. */
export function toArrays(columns: Columns, rows: readonly object[]): readonly (readonly unknown[])[] {
  return Object.entries(columns).map(([name, type]) => rows.map((row) => toValue((row as Readonly<Record<string, unknown>>)[name], type)));
}

/** A part of a millisecond is more than a whole number can hold. */
function toValue(value: unknown, type: ColumnType): unknown {
  return typeof value === 'number' && type !== 'double precision' ? Math.floor(value) : (value ?? null);
}

function names(columns: Columns): readonly string[] {
  return Object.keys(columns);
}

function parameters(columns: Columns): string {
  return Object.values(columns)
    .map((type, index) => `$${index + 1}::${type}[]`)
    .join(', ');
}
