// The client's side of a SOCKS5 handshake (RFC 1928, RFC 1929). The name of the target is passed on, so that the proxy resolves it.
import { isIP } from 'node:net';
import { TransportError } from '../sdk/http.ts';
import type { HandshakeStream } from './handshake.ts';
import type { Proxy } from './proxy.ts';
import { addressForms } from './addresses.ts';

const VERSION = 5;
const METHOD_NONE = 0;
const METHOD_PASSWORD = 2;
const REPLIES = [
  'succeeded',
  'general failure',
  'connection not allowed',
  'network unreachable',
  'host unreachable',
  'connection refused',
  'time to live expired',
  'command not supported',
  'address type not supported',
];

export async function connectSocks5(stream: HandshakeStream, proxy: Proxy, host: string, port: number): Promise<void> {
  const hasCredentials = proxy.username !== '' || proxy.password !== '';
  stream.write(Buffer.from(hasCredentials ? [VERSION, 2, METHOD_NONE, METHOD_PASSWORD] : [VERSION, 1, METHOD_NONE]));
  const [version, method] = await stream.readExactly(2);
  if (version !== VERSION) throw refused('the proxy does not speak SOCKS5');
  if (method === METHOD_PASSWORD && hasCredentials) await authenticate(stream, proxy);
  else if (method !== METHOD_NONE) throw refused('the SOCKS5 proxy accepts none of the ways to authenticate');

  stream.write(Buffer.concat([Buffer.from([VERSION, 1, 0]), targetOf(host), Buffer.from([port >> 8, port & 0xff])]));
  const [, reply = 1, , type] = await stream.readExactly(4);
  if (reply !== 0) throw refused(`the SOCKS5 proxy answered: ${REPLIES[reply] ?? `error ${reply}`}`);
  const length = type === 1 ? 4 : type === 4 ? 16 : ((await stream.readExactly(1))[0] ?? 0);
  await stream.readExactly(length + 2);
}

async function authenticate(stream: HandshakeStream, proxy: Proxy): Promise<void> {
  const username = Buffer.from(proxy.username);
  const password = Buffer.from(proxy.password);
  if (username.length > 255 || password.length > 255)
    throw new TransportError('config', 'SOCKS5 allows user names and passwords of 255 bytes');
  stream.write(Buffer.concat([Buffer.from([1, username.length]), username, Buffer.from([password.length]), password]));
  const [, status] = await stream.readExactly(2);
  if (status !== 0) throw new TransportError('config', 'the SOCKS5 proxy refused the user name or password');
}

function targetOf(host: string): Buffer {
  const version = isIP(host);
  if (version === 4) return Buffer.from([1, ...host.split('.').map(Number)]);
  if (version === 6) {
    const groups = (addressForms(host)?.[0]?.text ?? '').split(':').map((group) => Number.parseInt(group, 16));
    return Buffer.from([4, ...groups.flatMap((group) => [group >> 8, group & 0xff])]);
  }
  const name = Buffer.from(host);
  if (name.length > 255) throw new TransportError('config', 'SOCKS5 allows host names of 255 bytes');
  return Buffer.concat([Buffer.from([3, name.length]), name]);
}

function refused(message: string): TransportError {
  return new TransportError('network', message);
}
