// An address of which only parts are used.
import { requestUriFault } from './request-uri.ts';

export interface ServerAddress {
  /** Lower case. */
  readonly scheme: string;
  readonly userInfo: string;
  /** Host and port, as written. */
  readonly host: string;
  /** As written, without query and fragment; empty when there is none. */
  readonly path: string;
}

/** The parts of an address, or why it cannot be used; the fault does not show the address. */
export function parseServerAddress(address: string): ServerAddress | { readonly fault: string } {
  const fault = requestUriFault(address);
  if (fault !== undefined) return { fault };
  const parts = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(?:([^/?#]*)@)?([^/?#@]+)((?:\/[^?#]*)?)(?:[?#]|$)/.exec(address);
  if (parts === null) return { fault: 'no host in URL' };
  const [, scheme = '', userInfo = '', host = '', path = ''] = parts;
  return { scheme: scheme.toLowerCase(), userInfo, host, path };
}
