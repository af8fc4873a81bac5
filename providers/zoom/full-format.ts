// The query of Zoom's webhook, as Flux writes it: `format` chooses the kind of message that the body holds.

/** The address as it stands when it names a format; otherwise with `format=full` in its query, sorted and escaped anew. */
export function fullFormat(address: string): string {
  const [, path = '', query = ''] = /^([^?]*)\??([^]*)$/.exec(address) ?? [];
  const pairs = parseQuery(query);
  const format = pairs.find(([key]) => key === 'format')?.[1] ?? '';
  if (format !== '') return address;
  // Up to here nothing ends an address but a question mark, so a # is text and is escaped.
  return `${path.replaceAll('#', '%23')}?${encodeQuery([...pairs.filter(([key]) => key !== 'format'), ['format', 'full']])}`;
}

type Pair = readonly [key: string, value: string];

/** Pairs that are not escaped well, or that hold a semicolon, do not count. */
function parseQuery(query: string): readonly Pair[] {
  return query.split('&').flatMap((part): Pair[] => {
    if (part === '' || part.includes(';')) return [];
    const equals = part.indexOf('=');
    const [key, value] = equals < 0 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)];
    try {
      return [[decodePart(key), decodePart(value)]];
    } catch {
      // Escapes that stand for no text.
      return [];
    }
  });
}

function decodePart(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

/** By key; values of one key keep their order. */
function encodeQuery(pairs: readonly Pair[]): string {
  return pairs
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, value]) => `${encodePart(key)}=${encodePart(value)}`)
    .join('&');
}

function encodePart(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}
