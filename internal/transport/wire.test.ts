import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { TransportError } from '../sdk/http.ts';
import { addressForms } from './addresses.ts';
import { egressFault, parseEgress } from './egress.ts';
import { parseAddress, sameHostRedirect, toWireHeaders } from './wire.ts';

const POLICY = parseEgress({ deny: [], allow: [], denyLoopback: true });
const NOBODY = { listeners: [], addresses: () => [], hostName: '' };
const CANARY = 'c4n4ry';

/** Text that is often nearly an address. */
const nearlyAddress = fc
  .array(
    fc.oneof(
      fc.constantFrom('http', 'https', ':', '/', '//', '@', '[', ']', '::1', '127.0.0.1', '%', '#', '?', '\\', '.', '..', ':80'),
      fc.string(),
    ),
    {
      maxLength: 12,
    },
  )
  .map((parts) => parts.join(''));

function attempt<T>(action: () => T): T | TransportError {
  try {
    return action();
  } catch (error) {
    assert.ok(error instanceof TransportError, String(error));
    return error;
  }
}

/** Any text, also unpaired surrogates. */
const anyCodeUnits = fc.uint16Array().map((units) => String.fromCharCode(...units));

test('any text is an address or a configuration fault that shows neither path nor query', () => {
  fc.assert(
    fc.property(nearlyAddress, fc.boolean(), (text, hasScheme) => {
      const address = attempt(() => parseAddress(`${hasScheme ? 'http://' : ''}${text}/${CANARY}?${CANARY}`));
      if (!(address instanceof TransportError)) return assert.ok(address.path.startsWith('/') && address.hostname !== '');
      assert.equal(address.reason, 'config');
      return assert.ok(!address.message.includes(CANARY), address.message);
    }),
  );
});

test('path and query are asked for as they were written', () => {
  const cases = [
    ['http://h', '/'],
    ['http://h?', '/?'],
    ['http://h/a/../b/./c//d/%2e%2e/.', '/a/../b/./c//d/%2e%2e/.'],
    ['http://h/a\\b c|"<>^`{}ä', '/a%5Cb%20c%7C%22%3C%3E%5E%60%7B%7D%C3%A4'],
    ["http://h/!$&'()*+,;=:@[]~%2F", "/!$&'()*+,;=:@[]~%2F"],
    [`http://h/a?b='"<>^\`{}|\\%zz+[]?/../#c?d`, `/a?b='"<>^\`{}|\\%zz+[]?/../`],
    ['http://h/a?b c=ä', '/a?b%20c=%C3%A4'],
    ['http://h#f?a=b', '/'],
  ] as const;

  for (const [address, want] of cases) assert.equal(parseAddress(address).path, want, address);
});

test('user info of an address may stand for bytes that are no text', () => {
  const { authorization } = parseAddress('http://%C3%BC:p%ff%40%@h/');

  assert.equal(authorization, `Basic ${Buffer.from([0xc3, 0xbc, 0x3a, 0x70, 0xff, 0x40, 0x25]).toString('base64')}`);
});

test('any headers are sendable text or a configuration fault that shows no value', () => {
  const address = parseAddress('http://h/');
  fc.assert(
    fc.property(fc.string(), anyCodeUnits, (name, value) => {
      const wire = attempt(() => toWireHeaders([[name, value + CANARY]], address, 'me'));
      if (wire instanceof TransportError) return assert.ok(wire.reason === 'config' && !wire.message.includes(CANARY));
      // oxlint-disable-next-line no-control-regex
      return assert.ok(wire.every((text) => /^[\t\x20-\x7e\x80-\xff]*$/.test(text)));
    }),
  );
});

test('of a header value only blanks and tabs at its ends are left out', () => {
  const wire = toWireHeaders([['X-A', ' \t a \u00a0\t']], parseAddress('http://h/'), 'me');

  assert.deepEqual(wire.slice(0, 2), ['X-A', `a ${Buffer.from('\u00a0').toString('latin1')}`]);
});

test('any Location is followed on the same host or not at all', () => {
  const from = 'http://u:p@h.example:8080/a?b';
  const address = parseAddress(from);
  fc.assert(
    fc.property(
      fc.oneof(
        nearlyAddress,
        nearlyAddress.map((tail) => `http://h.example:8080${tail}`),
        fc.string(),
      ),
      (location) => {
        const target = sameHostRedirect(307, location, from, address);
        if (target === undefined) return;
        const { origin, authorization } = parseAddress(target);
        assert.deepEqual([origin, authorization], [address.origin, address.authorization]);
      },
    ),
  );
});

function spellings(octets: readonly number[]): readonly string[] {
  const [a = 0, b = 0, c = 0, d = 0] = octets;
  const number = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
  const dotted = octets.join('.');
  return [
    dotted,
    String(number),
    `0x${number.toString(16)}`,
    `0${number.toString(8)}`,
    octets.map((octet) => `0x${octet.toString(16)}`).join('.'),
    octets.map((octet) => `0${octet.toString(8)}`).join('.'),
    `${a}.${b}.${c * 256 + d}`,
    `${a}.${b * 65_536 + c * 256 + d}`,
    `[::ffff:${dotted}]`,
    `[64:ff9b::${dotted}]`,
    `[2002:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}::]`,
  ];
}

function judge(host: string): string | undefined {
  const name = parseAddress(`http://${host}/`).hostname;
  assert.ok(addressForms(name) !== undefined, host);
  return egressFault({ name, port: 80 }, POLICY, NOBODY);
}

test('an IPv4 address is judged alike in every spelling', () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const octets = fc.oneof(
    fc.tuple(octet, octet, octet, octet),
    fc.tuple(fc.constantFrom(0, 10, 127, 169, 224), fc.constantFrom(0, 254), octet, octet),
  );
  fc.assert(
    fc.property(octets, (address) => {
      const [first = '', ...others] = spellings(address);
      const want = judge(first);
      for (const spelling of others) assert.equal(judge(spelling), want, spelling);
    }),
  );
});
