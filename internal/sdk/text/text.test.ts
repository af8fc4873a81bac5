import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { cutBytes, cutChars } from './cut.ts';
import { firstLine, objectName } from './object-name.ts';
import { requestUriFault } from './request-uri.ts';
import { vendorWords } from './vendor-words.ts';

const FAMILY = '👩‍👩‍👧‍👦';

const CUTS = [
  { name: 'short enough', in: 'abc', max: 3, want: 'abc' },
  { name: 'too long', in: 'abcd', max: 3, want: 'ab…' },
  { name: 'not through a surrogate pair', in: '🚀🚀🚀', max: 4, want: '🚀…' },
  { name: 'not through a family', in: `ab${FAMILY}cd`, max: 8, want: 'ab…' },
  { name: 'a family that fits', in: `${FAMILY}${FAMILY}`, max: FAMILY.length + 1, want: `${FAMILY}…` },
  { name: 'not between a letter and its accent', in: 'abe\u0301f', max: 4, want: 'ab…' },
  { name: 'no room for anything', in: 'abcd', max: 1, want: '…' },
];

for (const { name, in: text, max, want } of CUTS) {
  test(`cut by characters: ${name}`, () => {
    assert.equal(cutChars(text, max), want);
  });
}

test('a letter under more accents than anybody reads is cut between code points, not dropped', () => {
  const cut = cutChars(`e${'\u0301'.repeat(100_000)}`, 1000);

  assert.ok(cut.length > 900 && cut.length <= 1000);
});

test('no cut is too long or tears a character apart', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.integer({ min: 3, max: 120 }), (text, max) => {
      const chars = cutChars(text, max);
      const bytes = cutBytes(text, max);
      assert.ok(chars.length <= max && chars.isWellFormed());
      assert.ok(Buffer.byteLength(bytes) <= max && bytes.isWellFormed());
      assert.ok(text === chars || text.startsWith(chars.slice(0, -1)));
      assert.ok(text === bytes || text.startsWith(bytes.slice(0, -1)));
      if (text.length <= max) assert.equal(chars, text);
      if (Buffer.byteLength(text) <= max) assert.equal(bytes, text);
    }),
  );
});

test('names of objects', () => {
  assert.equal(objectName({ kind: 'HelmRelease', namespace: 'apps', name: 'Web' }), 'helmrelease/Web.apps');
  assert.equal(firstLine('one\r\ntwo'), 'one\r');
  assert.equal(firstLine('one'), 'one');
});

const URIS: readonly (readonly [address: string, fault: string | undefined])[] = [
  ['http://example.com', undefined],
  ['https://user:pa%20ss@example.com:8443/a b?c=d e#f', undefined],
  ['/foo', undefined],
  ['mailto:x', undefined],
  ['http://', undefined],
  ['http://[::1]:80/', undefined],
  ['http://[fe80::1%25en0]/', undefined],
  ['http://b%C3%BCcher.example/', undefined],
  ['ftp://example.com', undefined],
  ['', 'empty url'],
  ['example.com', 'invalid URI for request'],
  ['example.com/a', 'invalid URI for request'],
  ['?x', 'invalid URI for request'],
  [':foo', 'missing protocol scheme'],
  ['http://exa mple.com', 'invalid character in host name'],
  ['http://host#frag/', 'invalid character in host name'],
  ['http://host:port/', 'invalid port after host'],
  ['http://[::1/', "missing ']' in host"],
  ['http://host/%zz', 'invalid URL escape'],
  ['/%2', 'invalid URL escape'],
  ['http://ho%41st/', 'invalid URL escape'],
  ['http://us er@host/', 'invalid userinfo'],
  ['http://host/\n', 'invalid control character in URL'],
  ['http://host/\x7f', 'invalid control character in URL'],
];

for (const [address, fault] of URIS) {
  test(`the request URI ${JSON.stringify(address)}`, () => {
    assert.equal(requestUriFault(address), fault);
  });
}

test('what a vendor said is shown without secrets, on one line, at readable length', () => {
  const config = {
    address: '',
    channel: '',
    username: '',
    password: 'pass',
    token: 'password-token',
    headers: { a: 'header-value' },
    secret: { key: 'other' },
    annotations: {},
  };

  assert.equal(vendorWords('no password-token, pass, header-value, other\nsecond', config), 'no *****, *****, *****, *****');
  assert.equal(vendorWords('x'.repeat(1000), config).length, 200);
});
