// A JSON POST to an address that a person wrote. What of headers and addresses cannot be sent is the transport's to refuse;
// here stand only the checks that a type makes of its configuration, worded with the name of the type's address.
import type { HttpRequest } from './http.ts';
import { ConfigFault } from './provider.ts';
import { requestUriFault } from './text/request-uri.ts';

type Header = readonly [name: string, value: string];

/** The request; a later header replaces an earlier one of the same name. Faults never show the address, which can be a credential. */
export function postJson(request: {
  /** Says in a fault whose address it is. */
  readonly name: string;
  readonly address: string;
  readonly headers: readonly Header[];
  readonly body: string;
}): HttpRequest {
  const { name, address, headers, body } = request;
  const fault = requestUriFault(address) ?? schemeFault(address);
  if (fault !== undefined) throw new ConfigFault(`invalid ${name} URL: ${fault}`);
  return { method: 'POST', url: address, headers: mergeHeaders([['Content-Type', 'application/json'], ...headers]), body };
}

/** Text of an event as a header value: control characters cannot be sent and become blanks. */
export function headerText(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\x00-\x1f\x7f]+/g, ' ').trim();
}

function schemeFault(address: string): string | undefined {
  return /^https?:\/\//i.test(address) ? undefined : 'unsupported protocol scheme, use http or https';
}

function mergeHeaders(headers: readonly Header[]): readonly Header[] {
  const merged = new Map<string, Header>();
  for (const header of headers) merged.set(header[0].toLowerCase(), header);
  return [...merged.values()];
}
