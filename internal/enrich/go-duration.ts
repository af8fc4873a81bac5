// Durations as Go reads and prints them.

const NANOS: Readonly<Record<string, bigint>> = { ms: 1_000_000n, s: 1_000_000_000n, m: 60_000_000_000n, h: 3_600_000_000_000n };
const PART = /([0-9]+)(?:\.([0-9]+))?(ms|s|m|h)/g;
const SECOND = 1_000_000_000n;

/** `90s` is `1m30s`: a duration of a manifest the way Go prints it. */
export function normalizeDuration(text: string): string {
  let nanos = 0n;
  for (const [, whole = '0', fraction = '', unit = ''] of text.matchAll(PART)) {
    const perUnit = NANOS[unit] ?? 0n;
    nanos += BigInt(whole) * perUnit + (BigInt(`0${fraction}`) * perUnit) / 10n ** BigInt(fraction.length);
  }
  return formatDuration(nanos);
}

function formatDuration(nanos: bigint): string {
  if (nanos === 0n) return '0s';
  if (nanos < 1_000n) return `${nanos}ns`;
  if (nanos < 1_000_000n) return `${withFraction(nanos, 3)}µs`;
  if (nanos < SECOND) return `${withFraction(nanos, 6)}ms`;
  const minutes = nanos / (60n * SECOND);
  const seconds = `${withFraction(nanos % (60n * SECOND), 9)}s`;
  if (minutes === 0n) return seconds;
  const hours = minutes / 60n;
  return hours === 0n ? `${minutes}m${seconds}` : `${hours}h${minutes % 60n}m${seconds}`;
}

/** The number with its point so many digits from the right, without zeros at the end. */
function withFraction(value: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits);
  const fraction = `${value % unit}`.padStart(digits, '0').replace(/0+$/, '');
  return fraction === '' ? `${value / unit}` : `${value / unit}.${fraction}`;
}
