// Where requests may go. Pure: the connector asks it about every address that it is about to connect to, after DNS, so that
// a name which resolves differently the second time gains nothing; behind a proxy it is asked about the target's name.
import type { BlockList } from 'node:net';
import { ConfigFault } from '../sdk/provider.ts';
import { type Address, addressForms, contains, isCidrOrAddress, toNetworks } from './addresses.ts';

export interface EgressPolicy {
  readonly deny: EgressRules;
  /** Wins over every refusal except that of the process's own listeners. */
  readonly allow: EgressRules;
  /** In a cluster a loopback address is the pod's own, which no Provider has a reason to name. */
  readonly denyLoopback: boolean;
}

export interface EgressRules {
  readonly names: ReadonlySet<string>;
  /** Each with its leading dot. */
  readonly suffixes: readonly string[];
  readonly networks: BlockList;
}

/** `host:port` of a socket that this process listens on. */
export interface Listener {
  readonly host: string;
  readonly port: number;
}

/** What is about to be connected to; without an address only the name is known, since a proxy resolves it. */
export interface Destination {
  readonly name: string;
  readonly address?: string;
  readonly port: number;
}

export interface OwnSockets {
  readonly listeners: readonly Listener[];
  /** The addresses of this machine's interfaces; asked only when a port is one of ours. */
  readonly addresses: () => readonly string[];
  readonly hostName: string;
}

const METADATA_NAMES = new Set(['metadata.google.internal', 'metadata.goog', 'metadata', 'instance-data', 'instance-data.ec2.internal']);

interface BuiltIn {
  readonly what: string;
  readonly networks: BlockList;
}

const METADATA = builtIn('a cloud metadata address', [
  '169.254.169.254/32',
  '169.254.170.2/32',
  '169.254.170.23/32',
  '100.100.100.200/32',
  '168.63.129.16/32',
  '192.0.0.192/32',
  'fd00:ec2::254/128',
  'fd00:ec2::23/128',
  'fd20:ce::254/128',
]);
const REFUSED: readonly BuiltIn[] = [
  METADATA,
  builtIn('a link-local address', ['169.254.0.0/16', 'fe80::/10']),
  builtIn('an unspecified address', ['0.0.0.0/8', '::/128']),
  builtIn('a multicast or broadcast address', ['224.0.0.0/4', '255.255.255.255/32', 'ff00::/8']),
];
const LOOPBACK = builtIn('a loopback address', ['127.0.0.0/8', '::1/128']);
const UNSPECIFIED = builtIn('an unspecified address', ['0.0.0.0/32', '::/128']);

/** Reads `--egress-deny` and `--egress-allow`: CIDRs, addresses, names, and `*.suffix` for every name below it. */
export function parseEgress(rules: {
  readonly deny: readonly string[];
  readonly allow: readonly string[];
  readonly denyLoopback: boolean;
}): EgressPolicy {
  return {
    deny: parseRules(rules.deny, '--egress-deny'),
    allow: parseRules(rules.allow, '--egress-allow'),
    denyLoopback: rules.denyLoopback,
  };
}

/** Why the destination is refused, in words that name no path; undefined when it is not. */
export function egressFault(destination: Destination, policy: EgressPolicy, own: OwnSockets): string | undefined {
  const name = normalName(destination.name);
  const forms = addressForms(destination.address ?? destination.name) ?? [];
  if (isOwnListener(name, forms, destination.port, own)) return 'it is a listener of this process';
  if (matches(policy.allow, name, forms)) return undefined;
  if (matches(policy.deny, name, forms)) return 'it is denied by --egress-deny';
  if (METADATA_NAMES.has(name)) return 'it is a cloud metadata name';
  const refused = REFUSED.find((range) => contains(range.networks, forms));
  if (refused !== undefined) return `it is ${refused.what}`;
  if (policy.denyLoopback && isLoopback(name, forms)) return 'it is a loopback address';
  return undefined;
}

function isOwnListener(name: string, forms: readonly Address[], port: number, own: OwnSockets): boolean {
  return own.listeners.some((listener) => listener.port === port && isListenedOn(listener.host, name, forms, own));
}

function isListenedOn(listenerHost: string, name: string, forms: readonly Address[], own: OwnSockets): boolean {
  const host = normalName(listenerHost);
  const bound = host === 'localhost' ? localhostForms() : (addressForms(host) ?? []);
  const listensOnAll = host === '' || host === '*' || contains(UNSPECIFIED.networks, bound);
  const listensOnLoopback = listensOnAll || contains(LOOPBACK.networks, bound);
  // Connecting to the unspecified address reaches the loopback interface.
  const towardsLoopback = contains(UNSPECIFIED.networks, forms) || isLocalhostName(name);
  if (towardsLoopback) return listensOnLoopback;
  if (name === host && host !== '') return true;
  if (!listensOnAll) return sharesAddress(bound, forms);
  return (
    isLoopback(name, forms) ||
    name === normalName(own.hostName) ||
    own.addresses().some((local) => sharesAddress(addressForms(local) ?? [], forms))
  );
}

function sharesAddress(left: readonly Address[], right: readonly Address[]): boolean {
  return left.some((one) => right.some((other) => one.family === other.family && one.text === other.text));
}

function localhostForms(): readonly Address[] {
  return [...(addressForms('127.0.0.1') ?? []), ...(addressForms('::1') ?? [])];
}

function isLocalhostName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost');
}

function isLoopback(name: string, forms: readonly Address[]): boolean {
  return contains(LOOPBACK.networks, forms) || isLocalhostName(name);
}

function matches(rules: EgressRules, name: string, forms: readonly Address[]): boolean {
  return rules.names.has(name) || rules.suffixes.some((suffix) => name.endsWith(suffix)) || contains(rules.networks, forms);
}

function parseRules(entries: readonly string[], flag: string): EgressRules {
  const rules = entries.map((entry) => entry.trim().toLowerCase()).filter((entry) => entry !== '');
  const networks = rules.filter(isCidrOrAddress);
  const names = rules.filter((rule) => !isCidrOrAddress(rule));
  const bad = names.find((rule) => !/^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/.test(rule));
  if (bad !== undefined) throw new ConfigFault(`${flag}: '${bad}' is neither a CIDR, an address, a name nor *.suffix`);
  return {
    names: new Set(names.filter((rule) => !rule.startsWith('*.')).map(normalName)),
    suffixes: names.filter((rule) => rule.startsWith('*.')).map((rule) => normalName(rule.slice(1))),
    networks: networksOf(networks),
  };
}

function normalName(name: string): string {
  return name
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}

function builtIn(what: string, networks: readonly string[]): BuiltIn {
  return { what, networks: networksOf(networks) };
}

function networksOf(texts: readonly string[]): BlockList {
  const networks = toNetworks(texts);
  if (networks === undefined) throw new ConfigFault('a network is not a CIDR');
  return networks;
}
