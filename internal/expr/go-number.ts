// Numbers as Go prints them: shortest digits that read back as the same number, or a given count of digits of the exact
// value with ties to even. JavaScript's toFixed rounds ties up.

/** `%g` as `strconv` and CEL's `string` have it: an exponent from a million on. */
export function formatShortest(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  if (Number.isInteger(value) && Math.abs(value) < 1e6 && value !== 0) return String(value);
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 6) return `${mantissa}e${formatExponent(exponent)}`;
  return Object.is(value, -0) ? '-0' : String(value);
}

/** `%f` with as many digits as the number needs, and never an exponent. */
export function formatPlain(value: number): string {
  if (!Number.isFinite(value)) return formatSpecial(value);
  const [mantissa = '', exponentText = '0'] = Math.abs(value).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const exponent = Number(exponentText);
  return signOf(value) + placePoint(digits, exponent, Math.max(0, digits.length - 1 - exponent));
}

/** `%.<precision>f` */
export function formatFixed(value: number, precision: number): string {
  if (!Number.isFinite(value)) return formatSpecial(value);
  const digits = `${roundedTimesTenTo(value, precision)}`;
  return signOf(value) + placePoint(digits, digits.length - 1 - precision, precision);
}

/** `%.<precision>e` */
export function formatScientific(value: number, precision: number): string {
  if (!Number.isFinite(value)) return formatSpecial(value);
  if (value === 0) return `${signOf(value)}${placePoint('0', 0, precision)}e+00`;
  // The shortest digits may have been rounded up to the next power of ten, so the search begins below it.
  let exponent = Number(value.toExponential().split('e')[1]) - 1;
  let digits = `${roundedTimesTenTo(value, precision - exponent)}`;
  while (digits.length > precision + 1) {
    exponent += digits.length - precision - 1;
    digits = `${roundedTimesTenTo(value, precision - exponent)}`;
  }
  return `${signOf(value)}${placePoint(digits, 0, precision)}e${formatExponent(exponent)}`;
}

/** The magnitude times a power of ten as a whole number: the exact value, ties to even. */
function roundedTimesTenTo(value: number, power: number): bigint {
  const { mantissa, exponent } = partsOf(value);
  const numerator = mantissa * 10n ** BigInt(Math.max(power, 0)) * 2n ** BigInt(Math.max(exponent, 0));
  const denominator = 10n ** BigInt(Math.max(-power, 0)) * 2n ** BigInt(Math.max(-exponent, 0));
  const whole = numerator / denominator;
  const twice = 2n * (numerator % denominator);
  const isUp = twice > denominator || (twice === denominator && whole % 2n === 1n);
  return isUp ? whole + 1n : whole;
}

const MANTISSA_BITS = 52n;
const EXPONENT_BIAS = 1075;

/** The magnitude is `mantissa` times two to the `exponent`. */
function partsOf(value: number): { readonly mantissa: bigint; readonly exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(value));
  const bits = view.getBigUint64(0);
  const biased = Number(bits >> MANTISSA_BITS);
  const fraction = BigInt.asUintN(Number(MANTISSA_BITS), bits);
  if (biased === 0) return { mantissa: fraction, exponent: 1 - EXPONENT_BIAS };
  return { mantissa: fraction | (1n << MANTISSA_BITS), exponent: biased - EXPONENT_BIAS };
}

/** The digits of a number whose first one counts ten to the `exponent`, with so many digits behind the point. */
function placePoint(digits: string, exponent: number, decimals: number): string {
  const padded = exponent < 0 ? '0'.repeat(-exponent) + digits : digits;
  const wholeDigits = Math.max(exponent, 0) + 1;
  const whole = padded.slice(0, wholeDigits).padEnd(wholeDigits, '0');
  return decimals === 0 ? whole : `${whole}.${padded.slice(wholeDigits).padEnd(decimals, '0')}`;
}

function signOf(value: number): string {
  return value < 0 || Object.is(value, -0) ? '-' : '';
}

function formatSpecial(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'Infinity' : '-Infinity';
}

function formatExponent(exponent: number): string {
  return `${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}
