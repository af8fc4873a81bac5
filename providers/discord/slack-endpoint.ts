// Where Discord takes Slack's format: one segment below the webhook.

/**
 * The address with `/slack` at the end of its path, unless the address ends so already. The path is cleaned as Flux does
 * it: no empty segments, no dots, no slash at its end; the query stays.
 */
export function slackEndpoint(address: string): string {
  if (address.endsWith('/slack')) return address;
  // As Flux reads it, nothing ends a path but a question mark.
  const [, origin = '', path = '', query = ''] = /^([a-z]+:\/\/[^/?]*)([^?]*)([^]*)$/i.exec(address) ?? [];
  return `${origin}${cleanEscaped(`${path}/slack`)}${query}`;
}

function cleanEscaped(path: string): string {
  try {
    return cleanPath(decodeURIComponent(path)).replace(/[%?#]/g, encodeURIComponent);
  } catch {
    // Escapes that stand for no text are left alone.
    return cleanPath(path).replaceAll('#', '%23');
  }
}

function cleanPath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  return `/${kept.join('/')}`;
}
