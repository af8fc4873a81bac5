// IP addresses as data: parsed once, with every IPv4 address that an IPv6 form stands for, so that no spelling hides one.
import { BlockList, isIP } from 'node:net';

export interface Address {
  readonly text: string;
  readonly family: 'ipv4' | 'ipv6';
}

/**
 * The address itself and the IPv4 address inside it, if any: IPv4-mapped, IPv4-compatible, translated, 6to4 and NAT64 forms.
 * undefined for text that is not an IP address.
 */
export function addressForms(text: string): readonly Address[] | undefined {
  const bare = text.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  const version = isIP(bare);
  if (version === 0) return undefined;
  if (version === 4) return [{ text: bare, family: 'ipv4' }];
  const groups = toGroups(bare);
  const own: Address = { text: groups.map((group) => group.toString(16)).join(':'), family: 'ipv6' };
  const inner = embeddedIpv4(groups);
  return inner === undefined ? [own] : [own, { text: inner, family: 'ipv4' }];
}

/** A set of networks, each an address or a CIDR; undefined when a text is neither. */
export function toNetworks(texts: readonly string[]): BlockList | undefined {
  const networks = new BlockList();
  for (const text of texts) {
    const cidr = parseCidr(text);
    if (cidr === undefined) return undefined;
    networks.addSubnet(cidr.address, cidr.prefix, cidr.family);
  }
  return networks;
}

export function isCidrOrAddress(text: string): boolean {
  return parseCidr(text) !== undefined;
}

export function contains(networks: BlockList, forms: readonly Address[]): boolean {
  return forms.some((form) => networks.check(form.text, form.family));
}

function parseCidr(text: string): { address: string; prefix: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', prefixText, ...more] = text.split('/');
  const version = isIP(address);
  const bits = version === 4 ? 32 : 128;
  const prefix = prefixText === undefined ? bits : /^[0-9]{1,3}$/.test(prefixText) ? Number(prefixText) : -1;
  if (version === 0 || more.length > 0 || prefix < 0 || prefix > bits) return undefined;
  return { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' };
}

function toGroups(address: string): readonly number[] {
  const dotted = address.lastIndexOf('.') < 0 ? undefined : address.slice(address.lastIndexOf(':') + 1);
  const hex = dotted === undefined ? address : address.slice(0, -dotted.length) + dottedToHex(dotted);
  const [left = '', right] = hex.split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const gap = right === undefined ? 0 : 8 - head.length - tail.length;
  return [...head, ...Array.from({ length: gap }, () => '0'), ...tail].map((group) => Number.parseInt(group, 16));
}

function dottedToHex(dotted: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number);
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

function embeddedIpv4(groups: readonly number[]): string | undefined {
  const [first = 0, second = 0, third = 0, , fifth = 0, sixth = 0, seventh = 0, eighth = 0] = groups;
  const zeroTo = (count: number): boolean => groups.slice(0, count).every((group) => group === 0);
  // ::1 and :: are addresses of their own, not IPv4 ones.
  const compatible = zeroTo(6) && seventh !== 0;
  const mapped = zeroTo(5) && sixth === 0xffff;
  const translated = zeroTo(4) && fifth === 0xffff && sixth === 0;
  const nat64 = first === 0x64 && second === 0xff9b;
  if (compatible || mapped || translated || nat64) return toDotted(seventh, eighth);
  return first === 0x2002 ? toDotted(second, third) : undefined;
}

function toDotted(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}
