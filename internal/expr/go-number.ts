// Numbers as Go's fmt prints them.

/** `%g` with the shortest digits that read back as the same number. */
export function formatShortest(value: number): string {
  if (!Number.isFinite(value)) return formatSpecial(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e6 && value !== 0) return String(value);
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 6) return `${mantissa}e${formatExponent(exponent)}`;
  return Object.is(value, -0) ? '-0' : String(value);
}

/** `%.<precision>f` */
export function formatFixed(value: number, precision: number): string {
  if (!Number.isFinite(value)) return formatSpecial(value);
  // toFixed gives up on large numbers, which are whole ones.
  if (Math.abs(value) < 1e21) return Object.is(value, -0) ? `-${(0).toFixed(precision)}` : value.toFixed(precision);
  return precision === 0 ? `${BigInt(value)}` : `${BigInt(value)}.${'0'.repeat(precision)}`;
}

/** `%.<precision>e` */
export function formatScientific(value: number, precision: number): string {
  if (!Number.isFinite(value)) return formatSpecial(value);
  const [mantissa = '', exponent = '0'] = value.toExponential(precision).split('e');
  return `${mantissa}e${formatExponent(Number(exponent))}`;
}

function formatSpecial(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

function formatExponent(exponent: number): string {
  return `${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}
