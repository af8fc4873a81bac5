// Reading a repository's address the way Flux does (fluxcd/pkg and git-urls): URL, then scp form, then local path.
import { requestUriFault } from '../text/request-uri.ts';

const URL_SCHEMES = ['ssh', 'git', 'git+ssh', 'http', 'https', 'ftp', 'ftps', 'rsync', 'file'];
const MAX_SCP_BYTES = 2048;
/** What follows the path, from the first character on that a path of this form does not have, is no part of it. */
const SCP = /^(?:[A-Za-z0-9._~-]+@)?([A-Za-z0-9._-]+):([A-Za-z0-9._/-]+)[^\n]*$/;
const ABSOLUTE = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/?]*))?([^?]*)(\?.*)?/s;
const BROKEN_ESCAPE = /%(?![0-9A-Fa-f]{2})/;

/** A repository's home: where its API is looked for and what it is called there. */
export interface GitAddress {
  /** `https` for ssh addresses, else as written; `file` for what is no address at all. */
  readonly scheme: string;
  /** Host with its port as written; empty for a local path. */
  readonly host: string;
  /** The path without leading slashes and without `.git`; usually `owner/repository`. */
  readonly id: string;
}

/** Never fails: what cannot be understood has an id that no forge accepts. */
export function parseGitAddress(address: string): GitAddress {
  return fromUrl(address) ?? fromScp(address) ?? { scheme: 'file', host: '', id: toId(address) };
}

/** A URL in the parts that Go's parser makes of it. */
export interface GitUrl {
  /** In lower case. */
  readonly scheme: string;
  /** Host with its port as written. */
  readonly host: string;
  /** Decoded; empty where no slash follows the scheme. */
  readonly path: string;
  /** As written, with its question mark; empty where there is none. */
  readonly query: string;
}

/** undefined for what Go's parser refuses: a line end at the end, or a broken escape, makes an address something else. */
export function parseUrl(address: string): GitUrl | undefined {
  const [uri = '', fragment = ''] = address.split(/#(.*)/s, 2);
  const [, scheme, authority = '', path = '', query = ''] = ABSOLUTE.exec(uri) ?? [];
  if (scheme === undefined || requestUriFault(uri) !== undefined || BROKEN_ESCAPE.test(fragment)) return undefined;
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  return { scheme: scheme.toLowerCase(), host, path: path.startsWith('/') ? decodePath(path) : '', query };
}

function fromUrl(address: string): GitAddress | undefined {
  const url = parseUrl(address);
  if (url === undefined || !URL_SCHEMES.includes(url.scheme)) return undefined;
  return { scheme: url.scheme === 'ssh' ? 'https' : url.scheme, host: url.host, id: toId(url.path) };
}

function fromScp(address: string): GitAddress | undefined {
  const [, host, path] = Buffer.byteLength(address) <= MAX_SCP_BYTES ? (SCP.exec(address) ?? []) : [];
  // Git's scp form is ssh, and ssh is answered by the forge's web address.
  return host === undefined || path === undefined ? undefined : { scheme: 'https', host, id: toId(path) };
}

/** Percent-escapes stand for bytes, and bytes that are no UTF-8 are kept as replacement characters. */
function decodePath(path: string): string {
  return path.replace(/(?:%[0-9A-Fa-f]{2})+/g, (escapes) => Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'));
}

function toId(path: string): string {
  return path.replace(/^\/+/, '').replace(/\.git$/, '');
}
