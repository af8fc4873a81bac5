// Where an event hub is and how one logs in there, from a Provider's address: a connection string with a shared access key, or
// the name of a hub whose namespace stands in the channel.
import { ConfigFault, type ResolvedConfig } from '../../internal/sdk/provider.ts';

export interface SharedAccess {
  readonly keyName: string;
  readonly key: string;
}

export interface Hub {
  /** `namespace.servicebus.windows.net` */
  readonly host: string;
  readonly name: string;
  /** undefined where a bearer token is needed. */
  readonly sharedAccess: SharedAccess | undefined;
}

/** Where AZURE_AUTHORITY_HOST does not name another cloud. */
const PUBLIC_SUFFIX = '.servicebus.windows.net';
const SUFFIXES: readonly (readonly [authority: string, suffix: string])[] = [
  ['chinacloudapi.cn', '.servicebus.chinacloudapi.cn'],
  ['microsoftonline.us', '.servicebus.usgovcloudapi.net'],
];
const SAS_FAULT = 'failed to create a eventhub using SAS: ';
const HOST = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i;

/** Throws ConfigFault, in Flux's words; nothing of a connection string is shown. */
export function toHub(config: ResolvedConfig, authority = ''): Hub {
  const { address, channel, token } = config;
  const hasAccount = (config.serviceAccountName ?? '') !== '';
  if (address === '') throw invalid('endpoint URL cannot be empty');
  if (address.includes('SharedAccessKey')) {
    if (hasAccount) throw invalid('serviceAccountName and SAS authentication cannot be set at the same time');
    if (token !== '') throw invalid('jwt token and SAS authentication cannot be set at the same time');
    return fromConnectionString(address);
  }
  if (hasAccount && token !== '') throw invalid('serviceAccountName and jwt token authentication cannot be set at the same time');
  if (channel === '') throw new ConfigFault('the namespace of the event hub (channel) cannot be empty');
  const host = channel.includes('.servicebus.') ? channel : channel + suffixOf(authority);
  if (!HOST.test(host)) throw new ConfigFault('the namespace of the event hub (channel) is not a host name');
  return { host, name: checkedName(address, 'the name of the event hub (address)'), sharedAccess: undefined };
}

function suffixOf(authority: string): string {
  return SUFFIXES.find(([name]) => authority.includes(name))?.[1] ?? PUBLIC_SUFFIX;
}

function fromConnectionString(text: string): Hub {
  const parts = new Map(text.split(';').map(toPart));
  const need = (name: string): string => {
    const value = parts.get(name.toLowerCase()) ?? '';
    if (value === '') throw new ConfigFault(`${SAS_FAULT}connection string does not contain ${name}`);
    return value;
  };
  const endpoint = need('Endpoint');
  const key = { keyName: need('SharedAccessKeyName'), key: need('SharedAccessKey') };
  if ((parts.get('entitypath') ?? '') === '') {
    throw new ConfigFault(`${SAS_FAULT}connection string does not contain an EntityPath. eventHub cannot be an empty string`);
  }
  const host = /^(?:sb|amqps?|https):\/\/([^/?#]+)\/?$/i.exec(endpoint)?.[1] ?? '';
  if (!HOST.test(host)) throw new ConfigFault(`${SAS_FAULT}the Endpoint is not like sb://<namespace>.servicebus.windows.net/`);
  return { host, name: checkedName(need('EntityPath'), `${SAS_FAULT}the EntityPath`), sharedAccess: key };
}

/** A key may end with equals signs, so only the first one separates. */
function toPart(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=');
  return at < 0 ? [text.trim().toLowerCase(), ''] : [text.slice(0, at).trim().toLowerCase(), text.slice(at + 1).trim()];
}

/** https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules: letters, numbers, and `.` `-` `_` inside. */
function checkedName(name: string, what: string): string {
  if (!/^[a-z0-9][a-z0-9._/-]*$/i.test(name) || name.includes('..') || name.includes('./')) {
    throw new ConfigFault(`${what} holds a character that is not allowed`);
  }
  return name;
}

function invalid(why: string): ConfigFault {
  return new ConfigFault(`invalid authentication options: ${why}`);
}
