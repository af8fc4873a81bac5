// A proxy as its address says it, and which requests the environment sends through one (Go's rules for NO_PROXY).
import { ConfigFault } from '../sdk/provider.ts';
import { addressForms, contains, isCidrOrAddress, toNetworks } from './addresses.ts';

export interface Proxy {
  /** `http` also stands for schemes that nobody knows, as in Go. */
  readonly protocol: 'http' | 'https' | 'socks5';
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

/** The environment's proxies as cmd read them, upper and lower case names already resolved. */
export interface ProxyEnvironment {
  readonly httpProxy?: string | undefined;
  readonly httpsProxy?: string | undefined;
  readonly noProxy?: string | undefined;
}

/** The host and port of a request, as NO_PROXY compares them. */
export interface Endpoint {
  readonly protocol: 'http:' | 'https:';
  readonly hostname: string;
  readonly port: number;
}

const DEFAULT_PORTS: Readonly<Record<Proxy['protocol'], number>> = { http: 80, https: 443, socks5: 1080 };

/** Throws ConfigFault, which does not show the address: it may hold a password. */
export function parseProxy(address: string, name: string): Proxy {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `http://${address}`;
  const url = URL.parse(text.trim());
  if (url === null || url.hostname === '') throw new ConfigFault(`unable to parse ${name} URL`);
  const protocol = toProtocol(url.protocol);
  return {
    protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? DEFAULT_PORTS[protocol] : Number(url.port),
    username: decode(url.username),
    password: decode(url.password),
  };
}

/** `Proxy-Authorization`, undefined when the proxy's address has no user info. */
export function proxyAuthorization(proxy: Proxy): string | undefined {
  if (proxy.username === '' && proxy.password === '') return undefined;
  return `Basic ${Buffer.from(`${proxy.username}:${proxy.password}`).toString('base64')}`;
}

/** Chooses the environment's proxy for a request; loopback and localhost never go through one. */
export function createProxyChooser(environment: ProxyEnvironment): (endpoint: Endpoint) => Proxy | undefined {
  const forHttp = parseOptional(environment.httpProxy, 'HTTP_PROXY');
  const forHttps = parseOptional(environment.httpsProxy, 'HTTPS_PROXY');
  const exemptions = (environment.noProxy ?? '').split(',').flatMap(toExemption);
  return (endpoint) => {
    const proxy = endpoint.protocol === 'https:' ? forHttps : forHttp;
    if (proxy === undefined) return undefined;
    const host = endpoint.hostname.replace(/^\[|\]$/g, '').toLowerCase();
    if (host === 'localhost' || isLoopback(host)) return undefined;
    return exemptions.some((isExempt) => isExempt(host, endpoint.port)) ? undefined : proxy;
  };
}

type Exemption = (host: string, port: number) => boolean;

const LOOPBACK = toNetworks(['127.0.0.0/8', '::1']);

function toExemption(entry: string): Exemption[] {
  const text = entry.trim().toLowerCase();
  if (text === '') return [];
  if (text === '*') return [() => true];
  if (text.includes('/')) return isCidrOrAddress(text) ? [inNetwork(text)] : [];
  const { host, port } = splitPort(text);
  if (host === '') return [];
  const samePort = (actual: number): boolean => port === undefined || port === actual;
  if (addressForms(host) !== undefined) {
    const inSame = inNetwork(host.replace(/^\[|\]$/g, ''));
    return [(actual, actualPort) => inSame(actual, actualPort) && samePort(actualPort)];
  }
  const name = host.startsWith('*.') ? host.slice(1) : host;
  const suffix = name.startsWith('.') ? name : `.${name}`;
  return [(actual, actualPort) => (actual === name || actual.endsWith(suffix)) && samePort(actualPort)];
}

function inNetwork(network: string): Exemption {
  const networks = toNetworks([network]);
  return (host) => networks !== undefined && contains(networks, addressForms(host) ?? []);
}

function splitPort(text: string): { host: string; port: number | undefined } {
  const match = /^(\[[^\]]*\]|[^:]*):([0-9]+)$/.exec(text);
  return match === null ? { host: text, port: undefined } : { host: match[1] ?? '', port: Number(match[2]) };
}

function isLoopback(host: string): boolean {
  return LOOPBACK !== undefined && contains(LOOPBACK, addressForms(host) ?? []);
}

function parseOptional(address: string | undefined, name: string): Proxy | undefined {
  return address === undefined || address.trim() === '' ? undefined : parseProxy(address, name);
}

function toProtocol(scheme: string): Proxy['protocol'] {
  if (scheme === 'https:') return 'https';
  return scheme === 'socks5:' || scheme === 'socks5h:' ? 'socks5' : 'http';
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone % is taken as it stands.
    return text;
  }
}
