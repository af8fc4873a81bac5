// Fills in what the recordings leave open, and compares texts that hold `{{any}}`.

export type Placeholders = Readonly<Record<string, string>>;

const NAMES = /\{\{([a-z][a-z.-]*)\}\}/g;

/** Replaces placeholders in every string of a value, keys included; unknown ones, such as `{{any}}`, stay. */
export function fillIn<T>(value: T, values: Placeholders): T {
  return fill(value, values) as T;
}

function fill(value: unknown, values: Placeholders): unknown {
  if (typeof value === 'string') return value.replace(NAMES, (whole, name: string) => values[name] ?? whole);
  if (Array.isArray(value)) return value.map((item: unknown) => fill(item, values));
  if (typeof value !== 'object' || value === null) return value;
  // defineProperty semantics, so that a recorded `__proto__` key stays a key.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [String(fill(key, values)), fill(item, values)]));
}

const ANY = '{{any}}';

/** True when the text is what is wanted, where `{{any}}` stands for any run of characters. */
export function matchesText(wanted: string, text: string): boolean {
  if (!wanted.includes(ANY)) return wanted === text;
  const parts = wanted.split(ANY).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(text);
}

/** True for the placeholder that stands for any value at all. */
export function isAny(wanted: unknown): boolean {
  return wanted === ANY;
}
