// What people read: times in words, plain tables, colours only on a terminal.

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
  const lines = [header, ...rows].map((row) => row.map(printable));
  const widths = header.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The text on one line, without control characters. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}
