// Holds what happened against a recording. Pure: gets both sides, gives back what differs, in words.
//
// Where the rules of the recordings leave something free, the freedom is named here and nowhere else.
import { isDeepStrictEqual } from 'node:util';
import { compareBody } from './compare-body.ts';
import { compareHeaders } from './compare-headers.ts';
import { matchesText } from './placeholders.ts';
import type { ExpectedAck, ExpectedRequest, Expected } from './vector.ts';

/** What the recording server answered: a status, or that the connection ended without one. */
export type Answered = number | 'closed' | 'aborted' | 'pending';

/** A request as it arrived. */
export interface ObservedRequest {
  readonly method: string;
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly proxy?: { readonly form: string; readonly authorization?: string };
  readonly clientCertificate?: string;
  readonly answered: Answered;
  /** Of a NATS message, which has no path and no headers. */
  readonly subject?: string;
  readonly connect?: Readonly<Record<string, unknown>>;
}

/** An answer of the event port. */
export interface ObservedAck {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

export interface Observation {
  readonly acks: readonly ObservedAck[];
  readonly requests: readonly ObservedRequest[];
  /** Nothing listened at the sink. */
  readonly sinkDown: boolean;
  /** A vendor's own client speaks: its API version headers are free. */
  readonly forge: boolean;
}

/** What differs; empty when the recording holds. */
export function compareCase(expected: Expected, observed: Observation): readonly string[] {
  const differences: string[] = [];
  if (expected.acks !== undefined) differences.push(...compareAcks(expected.acks, observed.acks));
  if (expected.requests !== undefined) differences.push(...compareRequests(expected, expected.requests, observed));
  return differences;
}

function compareAcks(wanted: readonly ExpectedAck[], acks: readonly ObservedAck[]): readonly string[] {
  const differences = wanted.length === acks.length ? [] : [`${acks.length} answers instead of ${wanted.length}`];
  for (const [index, ack] of acks.entries()) {
    const want = wanted[index];
    if (want !== undefined) differences.push(...compareAck(want, ack).map((difference) => `answer ${index}: ${difference}`));
  }
  return differences;
}

function compareAck(want: ExpectedAck, ack: ObservedAck): readonly string[] {
  const differences: string[] = [];
  if (want.status !== ack.status) differences.push(`status ${ack.status} instead of ${want.status}`);
  if (!matchesText(want.body ?? '', ack.body)) differences.push(`body ${quote(ack.body)} instead of ${quote(want.body ?? '')}`);
  if (want.headers !== undefined)
    differences.push(...compareHeaders({ wanted: want.headers, headers: ack.headers, side: 'answer', forge: false }));
  return differences;
}

function compareRequests(expected: Expected, wanted: readonly ExpectedRequest[], observed: Observation): readonly string[] {
  const unordered = new Set(expected.unordered ?? []);
  const arrived = withoutFurtherPages(observed.requests);
  const strict = compareList({ wanted, arrived, unordered, forge: observed.forge });
  if (strict.length === 0 || !isTriedAgain(observed)) return strict;
  return compareFirsts({ wanted, arrived, unordered, forge: observed.forge });
}

interface Lists {
  readonly wanted: readonly ExpectedRequest[];
  readonly arrived: readonly ObservedRequest[];
  readonly unordered: ReadonlySet<string>;
  readonly forge: boolean;
}

function compareList({ wanted, arrived, unordered, forge }: Lists): readonly string[] {
  if (unordered.has('/requests')) return compareMultiset({ wanted, arrived, unordered, forge });
  const differences: string[] = [];
  for (let index = 0; index < Math.max(wanted.length, arrived.length); index += 1) {
    const want = wanted[index];
    const request = arrived[index];
    if (want === undefined) differences.push(`unexpected request ${describe(request)}`);
    else if (request === undefined) differences.push(`missing request ${describe(want)}`);
    else {
      const of = `request ${index} (${request.method} ${request.path})`;
      const found = compareRequest({ want, request, pointer: `/requests/${index}`, unordered, forge });
      differences.push(...found.map((difference) => `${of}: ${difference}`));
    }
  }
  return differences;
}

function compareMultiset({ wanted, arrived, unordered, forge }: Lists): readonly string[] {
  const left = [...arrived];
  const missing: string[] = [];
  for (const [index, want] of wanted.entries()) {
    const pointer = `/requests/${index}`;
    const at = left.findIndex((request) => compareRequest({ want, request, pointer, unordered, forge }).length === 0);
    if (at >= 0) left.splice(at, 1);
    else missing.push(`missing request ${describe(want)}`);
  }
  return [...missing, ...left.map((request) => `unexpected request ${describe(request)}`)];
}

/** Only the first request to each path, in order; what was cut short by an answer that is tried again later may be missing. */
function compareFirsts(lists: Lists): readonly string[] {
  const arrived = firsts(lists.arrived);
  const wanted = firsts(lists.wanted);
  const last = lists.arrived.at(-1);
  const waiting = last !== undefined && isRetriedAnswer(last.answered);
  const reachable = waiting && arrived.length < wanted.length ? wanted.slice(0, Math.max(arrived.length, 1)) : wanted;
  return compareList({ ...lists, arrived, wanted: reachable });
}

function firsts<T extends ExpectedRequest | ObservedRequest>(requests: readonly T[]): readonly T[] {
  const seen = new Set<string>();
  return requests.filter((request) => {
    const key = `${request.method} ${request.host} ${request.path}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

const RETRIED_STATUSES: ReadonlySet<number> = new Set([401, 403, 404, 407, 408, 425, 429]);

function isTriedAgain(observed: Observation): boolean {
  return observed.sinkDown || observed.requests.some((request) => isRetriedAnswer(request.answered));
}

/** Answers after which Tocsin comes back on its own schedule. */
export function isRetriedAnswer(answered: Answered): boolean {
  if (typeof answered !== 'number') return true;
  return answered >= 500 || RETRIED_STATUSES.has(answered);
}

interface Pair {
  readonly want: ExpectedRequest;
  readonly request: ObservedRequest;
  readonly pointer: string;
  readonly unordered: ReadonlySet<string>;
  readonly forge: boolean;
}

function compareRequest({ want, request, pointer, unordered, forge }: Pair): readonly string[] {
  const differences: string[] = [];
  const check = (what: string, wanted: string, text: string): void => {
    if (!matchesText(wanted, text)) differences.push(`${what} ${quote(text)} instead of ${quote(wanted)}`);
  };
  check('method', want.method, request.method);
  check('scheme', want.scheme, request.scheme);
  check('host', want.host, request.host);
  if (want.subject !== undefined)
    return [...differences, ...compareMessage(want, request), ...compareBody({ want, body: request.body, pointer, unordered })];
  check('path', decoded(want.path), decoded(request.path));
  check('query', withoutPaging(want.query ?? ''), withoutPaging(request.query));
  if (!isDeepStrictEqual({ ...want.proxy }, { ...request.proxy })) {
    differences.push(`proxy ${quote(JSON.stringify(request.proxy))} instead of ${quote(JSON.stringify(want.proxy))}`);
  }
  check('client certificate', want.clientCertificate ?? '', request.clientCertificate ?? '');
  differences.push(...compareHeaders({ wanted: want.headers ?? {}, headers: request.headers, side: 'request', forge }));
  differences.push(...compareBody({ want, body: request.body, pointer, unordered }));
  return differences;
}

/** Who connects counts; what a client says of itself and of its abilities does not. */
const LOGIN_OPTIONS = ['user', 'pass', 'nkey', 'jwt', 'name'] as const;

function compareMessage(want: ExpectedRequest, request: ObservedRequest): readonly string[] {
  const options = LOGIN_OPTIONS.filter((name) => (want.connect?.[name] ?? '') !== (request.connect?.[name] ?? ''));
  return [
    ...(want.subject === request.subject ? [] : [`subject ${quote(request.subject)} instead of ${quote(want.subject)}`]),
    ...options.map(
      (name) => `${name} ${quote(JSON.stringify(request.connect?.[name]))} instead of ${quote(JSON.stringify(want.connect?.[name]))}`,
    ),
  ];
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // Not valid percent-encoding: compared as it is.
    return path;
  }
}

const PAGING: ReadonlySet<string> = new Set(['per_page', 'page', 'limit', 'pagelen']);

function withoutPaging(query: string): string {
  return query
    .split('&')
    .filter((pair) => !PAGING.has(pair.split('=')[0] ?? ''))
    .join('&');
}

/** Leaves out GETs that repeat an earlier one with another page. */
function withoutFurtherPages(requests: readonly ObservedRequest[]): readonly ObservedRequest[] {
  const seen = new Map<string, Set<string>>();
  return requests.filter((request) => {
    if (request.method !== 'GET') return true;
    const key = `${request.host}${request.path}?${withoutPaging(request.query)}`;
    const queries = seen.get(key);
    if (queries === undefined) {
      seen.set(key, new Set([request.query]));
      return true;
    }
    const isFurtherPage = !queries.has(request.query) && /(?:^|&)page=(?!1(?:&|$))/.test(request.query);
    queries.add(request.query);
    return !isFurtherPage;
  });
}

function describe(request: ExpectedRequest | ObservedRequest | undefined): string {
  if (request === undefined) return '';
  return `${request.method} ${request.scheme}://${request.host}${request.path}${request.query ? `?${request.query}` : ''}`;
}

const SHOWN_CHARS = 300;

function quote(text: string | undefined): string {
  if (text === undefined) return 'nothing';
  return JSON.stringify(text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}...` : text);
}
