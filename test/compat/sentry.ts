// What a Sentry client says of itself is free: those parts are left out on both sides.

const OWN_FIELDS: ReadonlySet<string> = new Set(['sdk', 'platform', 'release', 'modules']);
const OWN_CONTEXTS: ReadonlySet<string> = new Set(['device', 'os', 'runtime']);

/** A line of an envelope without what is the client's own. */
export function withoutClient(line: unknown): unknown {
  if (typeof line !== 'object' || line === null || Array.isArray(line)) return line;
  const kept = Object.entries(line).filter(([name]) => !OWN_FIELDS.has(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, name === 'contexts' ? withoutOwnContexts(value) : value]));
}

/** The value of X-Sentry-Auth without the name of the client. */
export function withoutClientName(value: string): string {
  return value.replace(/sentry_client=[^,]*/, 'sentry_client=');
}

function withoutOwnContexts(contexts: unknown): unknown {
  if (typeof contexts !== 'object' || contexts === null) return contexts;
  return Object.fromEntries(Object.entries(contexts).filter(([name]) => !OWN_CONTEXTS.has(name)));
}
