// A JSON POST to an address that a person wrote: the address is checked, its user info becomes Basic authentication, and a
// later header replaces an earlier one of the same name, as Go's client does all three.
import type { HttpRequest } from './http.ts';
import { ConfigFault } from './provider.ts';
import { requestUriFault } from './text/request-uri.ts';

type Header = readonly [name: string, value: string];

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
/** Belong to the connection or the framing, which are the transport's; Flux ignores the first four, too. */
const RESERVED = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'trailer',
  'connection',
  'keep-alive',
  'proxy-connection',
  'expect',
  'te',
  'upgrade',
]);

/** The request; `name` says in a fault whose address it is. Faults never show the address, which can be a credential. */
export function postJson(request: {
  readonly name: string;
  readonly address: string;
  readonly headers: readonly Header[];
  readonly body: string;
}): HttpRequest {
  const url = parseAddress(request.address, request.name);
  const headers = mergeHeaders([['Content-Type', 'application/json'], ...request.headers]);
  const authorization = basicAuthorization(url);
  if (authorization !== undefined && !headers.some(([name]) => name.toLowerCase() === 'authorization')) {
    headers.push(['Authorization', authorization]);
  }
  url.username = '';
  url.password = '';
  url.hash = '';
  return { method: 'POST', url: url.href, headers, body: request.body };
}

/** The entries of a Secret's `headers`; throws ConfigFault for one that cannot be sent, without showing its value. */
export function toHeaders(entries: Readonly<Record<string, string>>): readonly Header[] {
  return Object.entries(entries).filter(([name, value]) => {
    if (!HEADER_NAME.test(name)) throw new ConfigFault("the Secret's headers hold a name that is not a header name");
    // oxlint-disable-next-line no-control-regex
    if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) throw new ConfigFault(`header ${name} of the Secret holds a control character`);
    return !RESERVED.has(name.toLowerCase());
  });
}

/** Text of an event as a header value: control characters cannot be sent and become blanks. */
export function headerText(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\x00-\x1f\x7f]+/g, ' ').trim();
}

function mergeHeaders(headers: readonly Header[]): Header[] {
  const merged = new Map<string, Header>();
  for (const header of headers) merged.set(header[0].toLowerCase(), header);
  return [...merged.values()];
}

function parseAddress(address: string, name: string): URL {
  const fault = requestUriFault(address);
  if (fault !== undefined) throw new ConfigFault(`invalid ${name} URL: ${fault}`);
  const url = URL.parse(address);
  if (url === null) throw new ConfigFault(`invalid ${name} URL: no host`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ConfigFault(`invalid ${name} URL: unsupported protocol scheme, use http or https`);
  }
  return url;
}

function basicAuthorization(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}
