// The check that Flux makes of an address before it uses it (Go's url.ParseRequestURI), with the same verdicts.

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/;
const USER_INFO = /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/;
/** Among ASCII, what Go lets stand in a host name. */
const HOST = /^[A-Za-z0-9\-._~!$&'()*+,;=:[\]<>"%\u0080-\u{10ffff}]*$/u;

/** Why the address is not usable as a request URI, in Go's words but without the address itself; undefined when it is. */
export function requestUriFault(address: string): string | undefined {
  // oxlint-disable-next-line no-control-regex
  if (/[\x00-\x1f\x7f]/.test(address)) return 'invalid control character in URL';
  if (address === '') return 'empty url';
  if (address === '*') return undefined;
  const scheme = schemeOf(address);
  if (scheme === undefined) return 'missing protocol scheme';
  const rest = (scheme === '' ? address : address.slice(scheme.length + 1)).split('?', 1)[0] ?? '';
  if (!rest.startsWith('/')) return scheme === '' ? 'invalid URI for request' : undefined;
  if (scheme === '' || !rest.startsWith('//')) return escapeFault(rest);
  const slash = rest.indexOf('/', 2);
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
  return authorityFault(authority) ?? escapeFault(slash < 0 ? '' : rest.slice(slash));
}

/** The scheme without its colon, empty when there is none, undefined when the address starts with the colon. */
function schemeOf(address: string): string | undefined {
  const colon = address.indexOf(':');
  if (colon === 0) return undefined;
  const candidate = colon < 0 ? '' : address.slice(0, colon);
  return SCHEME.test(candidate) ? candidate : '';
}

function authorityFault(authority: string): string | undefined {
  const at = authority.lastIndexOf('@');
  if (at >= 0) {
    const userInfo = authority.slice(0, at);
    if (!USER_INFO.test(userInfo)) return 'invalid userinfo';
    const fault = escapeFault(userInfo);
    if (fault !== undefined) return fault;
  }
  return hostFault(authority.slice(at + 1));
}

function hostFault(host: string): string | undefined {
  if (host.startsWith('[')) {
    const end = host.lastIndexOf(']');
    if (end < 0) return "missing ']' in host";
    return isPort(host.slice(end + 1)) ? undefined : 'invalid port after host';
  }
  const colon = host.indexOf(':');
  if (colon >= 0 && !isPort(host.slice(colon))) return 'invalid port after host';
  if (!HOST.test(host)) return 'invalid character in host name';
  // In a host only the bytes of non-ASCII characters may be escaped.
  return /%(?![89A-Fa-f][0-9A-Fa-f])/.test(host) ? 'invalid URL escape' : undefined;
}

function isPort(text: string): boolean {
  return text === '' || /^:[0-9]*$/.test(text);
}

function escapeFault(text: string): string | undefined {
  return /%(?![0-9A-Fa-f]{2})/.test(text) ? 'invalid URL escape' : undefined;
}
