// Which proxy a Provider names: the Secret of proxySecretRef, the Secret's `proxy`, then spec.proxy.
// No message shows an address, since it may hold a password.
import { ConfigFault } from '../sdk/provider.ts';
import type { SecretData } from './source.ts';

const MAX_ADDRESS_CHARS = 2048;
const SCHEMES: ReadonlySet<string> = new Set(['http', 'https', 'socks5']);

/** The address of a proxySecretRef with its user name and password in it. */
export function proxyFromSecret(data: SecretData, secretName: string): string {
  const address = textOf(data, 'address');
  if (address === undefined) throw fault(secretName, "key 'address' not found");
  if (address === '') throw fault(secretName, 'proxy address is empty');
  if (address.length > MAX_ADDRESS_CHARS) throw fault(secretName, `proxy URL exceeds maximum length of ${MAX_ADDRESS_CHARS} characters`);
  const url = isClean(address) ? URL.parse(address) : null;
  if (url === null) throw fault(secretName, 'failed to parse proxy address');
  const scheme = url.protocol.slice(0, -1);
  if (!SCHEMES.has(scheme)) {
    throw fault(secretName, `proxy URL must use one of the supported schemes (http, https, socks5), got '${scheme.slice(0, 20)}'`);
  }
  if (url.hostname === '') throw fault(secretName, 'failed to parse proxy address');
  const username = textOf(data, 'username') ?? '';
  if (username === '') return address;
  const password = textOf(data, 'password') ?? '';
  return `${scheme}://${encodeURIComponent(username)}:${encodeURIComponent(password)}@${url.host}`;
}

/** Whether a proxy given as plain text is an address at all; any scheme is taken, unknown ones as HTTP proxies. */
export function isProxyAddress(text: string): boolean {
  const address = text.includes('://') ? text : `http://${text}`;
  const url = isClean(address) ? URL.parse(address) : null;
  return url !== null && url.hostname !== '';
}

/** The URL parser drops blanks and line ends at the borders; in an address they are mistakes. */
function isClean(address: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return !/[\x00-\x20\x7f]/.test(address);
}

function textOf(data: SecretData, key: string): string | undefined {
  const value = data[key];
  return value === undefined ? undefined : Buffer.from(value).toString('utf8');
}

function fault(secretName: string, message: string): ConfigFault {
  return new ConfigFault(`failed to get proxy URL: secret '${secretName}': ${message}`);
}
