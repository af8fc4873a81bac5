// Reading a repository's address the way Flux does (fluxcd/pkg and git-urls): URL, then scp form, then local path.

const URL_SCHEMES = ['ssh', 'git', 'git+ssh', 'http', 'https', 'ftp', 'ftps', 'rsync', 'file'];
const MAX_SCP_CHARS = 2048;
/** What follows the path, from the first character on that a path of this form does not have, is no part of it. */
const SCP = /^(?:[^@/:\s]+@)?([A-Za-z0-9._-]+):([A-Za-z0-9._/-]+)/;
const ABSOLUTE = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)/s;

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

function fromUrl(address: string): GitAddress | undefined {
  const [, scheme = '', authority = '', path = ''] = ABSOLUTE.exec(address) ?? [];
  const name = scheme.toLowerCase();
  if (!URL_SCHEMES.includes(name) || hasForbidden(authority)) return undefined;
  const decoded = decodePath(path);
  if (decoded === undefined) return undefined;
  return { scheme: name === 'ssh' ? 'https' : name, host: authority.slice(authority.lastIndexOf('@') + 1), id: toId(decoded) };
}

function fromScp(address: string): GitAddress | undefined {
  const [, host, path] = address.length <= MAX_SCP_CHARS ? (SCP.exec(address) ?? []) : [];
  // Git's scp form is ssh, and ssh is answered by the forge's web address.
  return host === undefined || path === undefined ? undefined : { scheme: 'https', host, id: toId(path) };
}

/** Blanks, control characters and the like make an authority that no URL parser accepts. */
function hasForbidden(authority: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return /[\x00-\x20\x7f\\^`{|}]/.test(authority) || /:[^0-9\]]+$/.test(authority.slice(authority.lastIndexOf('@') + 1));
}

/** Percent-escapes stand for bytes, and bytes that are no UTF-8 are kept as replacement characters. */
function decodePath(path: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(path)) return undefined;
  return path.replace(/(?:%[0-9A-Fa-f]{2})+/g, (escapes) => Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'));
}

function toId(path: string): string {
  return path.replace(/^\/+/, '').replace(/\.git$/, '');
}
