// What must never be shown of the things that were read. Registering is safe side first: too much scrubbing makes a message
// harder to read, too little gives a credential away.

/** Headers that say what the body is and hold no credential; their values are ordinary words. */
const OPEN_HEADERS: ReadonlySet<string> = new Set(['content-type', 'accept', 'accept-language', 'user-agent']);
const MIN_PATH_CHARS = 8;
const MIN_SEGMENT_CHARS = 16;

/** An address from a Secret: all of it, its path and query, and each part of it that is long enough to be a credential. */
export function sensitivePartsOfSecretAddress(address: string): readonly string[] {
  const url = URL.parse(address);
  if (url === null) return [address, ...keysOfConnectionString(address)];
  const pathAndQuery = url.pathname + url.search;
  return [address, ...(pathAndQuery.length >= MIN_PATH_CHARS ? [pathAndQuery] : []), ...userInfoOf(url), ...credentialsOf(url)];
}

/**
 * An address from a manifest is no secret as a whole: it names a repository or a host that people must be able to read about.
 * Its user info is one, and so is a long path segment or query value with digits or capitals, as webhook addresses have.
 */
export function sensitivePartsOfSpecAddress(address: string): readonly string[] {
  const url = URL.parse(address);
  return url === null ? keysOfConnectionString(address) : [...userInfoOf(url), ...credentialsOf(url)];
}

export function sensitivePartsOfProxy(address: string): readonly string[] {
  const url = URL.parse(address);
  return url === null ? [address] : userInfoOf(url);
}

/** A credential that is JSON, as Google's are: what in it is called a key, a secret or a token, addresses and names excepted. */
export function sensitivePartsOfJson(text: string): readonly string[] {
  if (!text.trimStart().startsWith('{')) return [];
  try {
    const entries = Object.entries(JSON.parse(text) as Readonly<Record<string, unknown>>);
    const secrets = entries.filter(([name]) => /key|secret|token|password/i.test(name) && !/_(?:id|ur[il]|type)$/i.test(name));
    return secrets.flatMap(([, value]) => (typeof value === 'string' ? [value] : []));
  } catch {
    // Not JSON: it is a secret as a whole already.
    return [];
  }
}

/** The values of custom headers, and what follows the scheme in `Bearer …`. */
export function sensitivePartsOfHeaders(headers: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(headers)
    .filter(([name]) => !OPEN_HEADERS.has(name.toLowerCase()))
    .flatMap(([, value]) => {
      const credential = /^[A-Za-z]+ +(\S+)$/.exec(value.trim())?.[1];
      return credential === undefined ? [value] : [value, credential];
    });
}

/** `Endpoint=...;SharedAccessKeyName=...;SharedAccessKey=...`: what is called a key, and not its name. */
function keysOfConnectionString(text: string): readonly string[] {
  return [...text.matchAll(/(?:^|;)\s*\w*(?:key|signature|secret|password)\s*=\s*([^;]+)/gi)].map((match) => (match[1] ?? '').trim());
}

function userInfoOf(url: URL): readonly string[] {
  return [url.password, decode(url.password), ...(url.password === '' ? [url.username, decode(url.username)] : [])].filter(
    (part) => part !== '',
  );
}

function credentialsOf(url: URL): readonly string[] {
  const parts = [...url.pathname.split('/'), ...url.searchParams.values()];
  return parts.flatMap((part) => [part, decode(part)]).filter(isLikeCredential);
}

function isLikeCredential(part: string): boolean {
  return part.length >= MIN_SEGMENT_CHARS && /[0-9A-Z]/.test(part);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone % is taken as it stands.
    return text;
  }
}
