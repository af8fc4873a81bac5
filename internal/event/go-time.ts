// Timestamps as Go's time.Parse reads RFC 3339 and as Kubernetes writes it: UTC with seconds precision.

/** An instant; `text` is what Kubernetes prints for it. */
export interface Instant {
  /** Milliseconds since the epoch, rounded down. */
  readonly epochMs: number;
  readonly text: string;
}

// Wider than RFC 3339 where Go is: a one-digit hour, a comma before the fraction, offsets up to 24:60.
const SHAPE = /^(\d{4})-(\d\d)-(\d\d)T(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** Of `2026-01-02T03:04:05`. */
const UTC_LENGTH = 19;
const SECONDS_PER_DAY = 86_400;
const DAYS_PER_400_YEARS = 146_097;
/** Days from 1 March of year 0 to the epoch. */
const EPOCH_DAY = 719_468;
const ZERO_TIME_SECONDS = -62_135_596_800;

/** The instant, `null` for Go's zero time (year 1), undefined for what Go refuses. */
export function parseGoTime(text: string): Instant | null | undefined {
  const match = SHAPE.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [number, number, number, number, number, number];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const offsetSeconds = toOffset(match[8], Number(match[9] ?? 0), Number(match[10] ?? 0));
  if (offsetSeconds === undefined) return undefined;

  // Go keeps nine digits of the fraction.
  const fraction = (match[7] ?? '').slice(0, 9);
  const seconds = toDay(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offsetSeconds;
  if (seconds === ZERO_TIME_SECONDS && /^0*$/.test(fraction)) return null;
  const milliseconds = fraction === '' ? 0 : Number(fraction.slice(0, 3).padEnd(3, '0'));
  return { epochMs: seconds * 1000 + milliseconds, text: isUtc(text) ? `${text.slice(0, UTC_LENGTH)}Z` : formatSeconds(seconds) };
}

/** True where all but the fraction already is as it will be printed. */
function isUtc(text: string): boolean {
  return text.endsWith('Z') && text.charAt(UTC_LENGTH - 6) === ':';
}

function toOffset(sign: string | undefined, hours: number, minutes: number): number | undefined {
  if (hours > 24 || minutes > 60) return undefined;
  const seconds = hours * 3600 + minutes * 60;
  return sign === '-' ? -seconds : seconds;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Days since the epoch; Date.UTC cannot be used because it reads years below 100 as 19xx. */
function toDay(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_PER_400_YEARS + dayOfEra - EPOCH_DAY;
}

function formatSeconds(seconds: number): string {
  const date = new Date(seconds * 1000);
  const year = date.getUTCFullYear();
  const digits = String(Math.abs(year)).padStart(4, '0');
  const rest = date.toISOString().slice(-20, -5);
  return `${year < 0 ? '-' : ''}${digits}${rest}Z`;
}
