// Time as Go's RFC3339 writes it.

const MINUTES_PER_HOUR = 60;
const SECOND_MS = 1_000;
/** How Go writes a time that was never set, and what its clock says then. */
export const ZERO_TIME = '0001-01-01T00:00:00Z';
const ZERO_TIME_UNIX_SECONDS = -62_135_596_800;

/** The instant in the zone of the process, to the second. */
export function toLocalRfc3339(instantMs: number | null): string {
  return instantMs === null ? ZERO_TIME : format(instantMs, '');
}

/** As Go's JSON writes it: with a fraction where there is one. */
export function toLocalRfc3339Nano(instantMs: number | null): string {
  return instantMs === null ? ZERO_TIME : format(instantMs, fractionOf(instantMs));
}

/** Whole seconds since the epoch. */
export function toUnixSeconds(instantMs: number | null): number {
  return instantMs === null ? ZERO_TIME_UNIX_SECONDS : Math.floor(instantMs / SECOND_MS);
}

function format(instantMs: number, fraction: string): string {
  const offsetMinutes = -new Date(instantMs).getTimezoneOffset();
  const local = new Date(instantMs + offsetMinutes * MINUTES_PER_HOUR * SECOND_MS).toISOString().slice(0, 'YYYY-MM-DDThh:mm:ss'.length);
  return local + fraction + zoneOf(offsetMinutes);
}

function fractionOf(instantMs: number): string {
  const text = new Date(instantMs).toISOString().slice('YYYY-MM-DDThh:mm:ss'.length, -1);
  return text.replace(/\.?0*$/, '');
}

function zoneOf(offsetMinutes: number): string {
  if (offsetMinutes === 0) return 'Z';
  const minutes = Math.abs(offsetMinutes);
  const sign = offsetMinutes < 0 ? '-' : '+';
  return `${sign}${twoDigits(Math.floor(minutes / MINUTES_PER_HOUR))}:${twoDigits(minutes % MINUTES_PER_HOUR)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
