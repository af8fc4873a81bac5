// From the request as a provider wrote it to what is put on the wire: the address is checked, headers follow Go's rules.
// No message shows more of an address than scheme and host, and none shows a header's value.
import { type HttpRequest, TransportError } from '../sdk/http.ts';

/** A checked address. */
export interface Address {
  readonly protocol: 'http:' | 'https:';
  /** `scheme://host[:port]`, the default port left out. */
  readonly origin: string;
  readonly host: string;
  readonly hostname: string;
  readonly port: number;
  /** Path and query, as they were written; no segment is resolved. */
  readonly path: string;
  /** The Basic credentials that the address carries. */
  readonly authorization: string | undefined;
}

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
// oxlint-disable-next-line no-control-regex
const BAD_VALUE = /[\x00-\x08\x0a-\x1f\x7f]/;
/** Set by the connection and the framing; Go ignores the first four as well. */
const RESERVED: ReadonlySet<string> = new Set([
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

export function parseAddress(text: string): Address {
  // oxlint-disable-next-line no-control-regex
  if (/[\x00-\x1f\x7f]/.test(text)) throw invalid('invalid control character in URL');
  if (text === '') throw invalid('empty url');
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1] ?? '';
  if (!/^https?$/i.test(scheme)) throw new TransportError('config', `unsupported protocol scheme ${JSON.stringify(scheme.slice(0, 20))}`);
  // The URL parser would take a path for the host, or turn a backslash into a slash: what a person sees must be what is asked.
  const authority = /^[a-z]+:\/\/([^/?#]*)/i.exec(text)?.[1] ?? '';
  if (authority === '') throw invalid('no host in URL');
  if (/[\s\\]/.test(authority)) throw invalid('invalid character in host name');
  if (/\s$/.test(text)) throw invalid('blank at the end of the URL');
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw invalid('invalid host or port');
  const defaultPort = url.protocol === 'https:' ? 443 : 80;
  return {
    protocol: url.protocol,
    origin: url.origin,
    host: url.host,
    hostname: url.hostname,
    port: url.port === '' ? defaultPort : Number(url.port),
    path: toRequestTarget(text),
    authorization: basic(url),
  };
}

/** Names and values in turn, in the order given, then what the transport adds; undici writes them as they are. */
export function toWireHeaders(headers: HttpRequest['headers'], address: Address, userAgent: string): string[] {
  const wire: string[] = [];
  const present = new Set<string>();
  for (const [name, value] of headers) {
    if (!HEADER_NAME.test(name)) throw new TransportError('config', 'a header name holds a character that is not allowed');
    const lower = name.toLowerCase();
    if (RESERVED.has(lower)) continue;
    if (BAD_VALUE.test(value)) throw new TransportError('config', `the value of header ${name} holds a character that is not allowed`);
    present.add(lower);
    wire.push(name, toLatin1(value.replace(/^[ \t]+|[ \t]+$/g, '')));
  }
  if (address.authorization !== undefined && !present.has('authorization')) wire.push('Authorization', address.authorization);
  if (!present.has('user-agent')) wire.push('User-Agent', userAgent);
  if (!present.has('accept-encoding')) wire.push('Accept-Encoding', 'gzip');
  return wire;
}

/** Where a 307 or 308 leads, when that is the same scheme, host and port; undefined for every other answer. */
export function sameHostRedirect(status: number, location: string | undefined, from: string, address: Address): string | undefined {
  if ((status !== 307 && status !== 308) || location === undefined || location === '') return undefined;
  const target = URL.parse(location, from);
  if (target === null || target.origin !== address.origin) return undefined;
  // Credentials of the address stay with it; those of a Location are not ours to take up.
  const own = new URL(from);
  target.username = own.username;
  target.password = own.password;
  target.hash = '';
  return target.href;
}

/**
 * As Go has it: what was written is what is asked, `..` and all, and only what cannot stand in a request line is escaped. The
 * URL parser would resolve dots, turn backslashes around and escape quotes, so that a signed path or query would not hold.
 */
function toRequestTarget(text: string): string {
  const [, path = '', query = ''] = /^[a-z]+:\/\/[^/?#]*([^?#]*)(\?[^#]*)?/i.exec(text.toWellFormed()) ?? [];
  return (
    (path === '' ? '/' : path.replace(/[^\w.~$&+,/:;=@!'()*[\]%-]+/g, encodeURIComponent)) + query.replace(/[^!-~]+/g, encodeURIComponent)
  );
}

function invalid(why: string): TransportError {
  return new TransportError('config', `invalid address: ${why}`);
}

function basic(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  return `Basic ${Buffer.concat([percentDecoded(url.username), Buffer.from(':'), percentDecoded(url.password)]).toString('base64')}`;
}

/** The bytes that escapes stand for, which need not be text; a lone % is taken as it stands. */
function percentDecoded(text: string): Buffer {
  const bytes = Buffer.from(text).toString('latin1');
  return Buffer.from(
    bytes.replace(/%([0-9a-f]{2})/gi, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
}

/** Header values travel as bytes of UTF-8, which undici takes one character each. */
function toLatin1(value: string): string {
  // oxlint-disable-next-line no-control-regex
  return /[^\x00-\x7f]/.test(value) ? Buffer.from(value, 'utf8').toString('latin1') : value;
}
