// The DSN of a Sentry project: which server, which project, which key.
import { ConfigFault } from '../../internal/sdk/provider.ts';
import { parseServerAddress } from '../../internal/sdk/text/server-address.ts';

export interface Dsn {
  /** As Sentry's clients write it into an envelope. */
  readonly text: string;
  readonly envelopeUrl: string;
  readonly publicKey: string;
  /** Of old projects; empty for others. */
  readonly secretKey: string;
}

const DEFAULT_PORTS = { http: ':80', https: ':443' } as const;

/** Throws a ConfigFault in the words of Flux's client, without the DSN itself. */
export function parseDsn(address: string): Dsn {
  if (address === '') throw new ConfigFault('DSN cannot be empty');
  const server = parseServerAddress(address);
  if ('fault' in server) throw fault(server.fault === 'no host in URL' ? 'empty host' : `invalid url: ${server.fault}`);
  const { scheme, userInfo, path } = server;
  if (scheme !== 'http' && scheme !== 'https') throw fault('invalid scheme');
  const [publicKey = '', secretKey = ''] = splitOnce(userInfo, ':').map(toKey);
  if (publicKey === '') throw fault('empty username');
  const segments = path.slice(1).split('/');
  const project = segments.pop() ?? '';
  if (project === '') throw fault('empty project id');
  const host = server.host.endsWith(DEFAULT_PORTS[scheme]) ? server.host.slice(0, -DEFAULT_PORTS[scheme].length) : server.host;
  const base = [host, ...segments].join('/');
  return {
    text: `${scheme}://${publicKey}${secretKey === '' ? '' : `:${secretKey}`}@${base}/${project}`,
    envelopeUrl: `${scheme}://${base.replace(/\/$/, '')}/api/${project}/envelope/`,
    publicKey,
    secretKey,
  };
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** Keys stand in a header, between commas. */
function toKey(text: string): string {
  const key = decoded(text);
  if (key === undefined || !/^[\x21-\x2b\x2d-\x7e]*$/.test(key)) throw fault('a key holds a character that is not allowed');
  return key;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // Escapes that stand for no text.
    return undefined;
  }
}

function fault(why: string): ConfigFault {
  return new ConfigFault(`[Sentry] DsnParseError: ${why}`);
}
