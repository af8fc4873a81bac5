// Headers of a request or of an answer against the recorded ones: all recorded ones must be there, no others may be.
import { matchesText } from './placeholders.ts';
import { withoutClientName } from './sentry.ts';

interface HeaderComparison {
  readonly wanted: Readonly<Record<string, string>>;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly side: 'request' | 'answer';
  /** The headers in which a vendor's own client names its API version are free. */
  readonly forge: boolean;
}

/** Never recorded, so never compared. */
const UNRECORDED: Readonly<Record<'request' | 'answer', ReadonlySet<string>>> = {
  request: new Set([
    'host',
    'content-length',
    'accept-encoding',
    'user-agent',
    'connection',
    'transfer-encoding',
    'proxy-connection',
    'proxy-authorization',
    'keep-alive',
    'traceparent',
    'tracestate',
    'baggage',
  ]),
  answer: new Set(['date', 'content-length', 'connection', 'transfer-encoding']),
};

/** May be there without being recorded. */
const TOLERATED: Readonly<Record<'request' | 'answer', RegExp>> = {
  request: /^(?:tocsin-.*|idempotency-key|accept|accept-language|sec-fetch-.*|x-github-api-version|x-request-id|x-tfs-.*)$/,
  answer: /^(?:tocsin-.*|keep-alive)$/,
};

const FREE_FOR_FORGES = /^(?:accept|x-github-api-version|x-tfs-.*)$/;

/** What differs, in words; values of credentials are test material and may be shown. */
export function compareHeaders({ wanted, headers, side, forge }: HeaderComparison): readonly string[] {
  const arrived = collect(headers);
  const differences: string[] = [];
  const names = new Set<string>();
  for (const [name, value] of Object.entries(wanted)) {
    const key = name.toLowerCase();
    names.add(key);
    if (forge && FREE_FOR_FORGES.test(key)) continue;
    const got = arrived.get(key);
    if (got === undefined) {
      if (key !== 'referer') differences.push(`header ${name} is missing`);
    } else if (!matchesText(toComparable(key, value), toComparable(key, got)))
      differences.push(`header ${name} is ${JSON.stringify(got)} instead of ${JSON.stringify(value)}`);
  }
  for (const [name, value] of arrived) {
    if (names.has(name) || UNRECORDED[side].has(name) || TOLERATED[side].test(name)) continue;
    differences.push(`header ${name} with ${JSON.stringify(value)} should not be there`);
  }
  return differences;
}

function toComparable(name: string, value: string): string {
  return name === 'x-sentry-auth' ? withoutClientName(value) : value;
}

function collect(headers: HeaderComparison['headers']): ReadonlyMap<string, string> {
  const collected = new Map<string, string>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    const before = collected.get(key);
    collected.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return collected;
}
