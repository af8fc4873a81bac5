import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseServerAddress } from './server-address.ts';

for (const { address, want } of [
  { address: 'https://example.com', want: { scheme: 'https', userInfo: '', host: 'example.com', path: '' } },
  { address: 'HTTP://a:b@example.com:8080/x/y?q#f', want: { scheme: 'http', userInfo: 'a:b', host: 'example.com:8080', path: '/x/y' } },
  { address: 'http://[::1]:4318/v1', want: { scheme: 'http', userInfo: '', host: '[::1]:4318', path: '/v1' } },
  { address: 'http://host?x=/y@z', want: { scheme: 'http', userInfo: '', host: 'host', path: '' } },
  { address: '', want: { fault: 'empty url' } },
  { address: 'example.com', want: { fault: 'invalid URI for request' } },
  { address: '/hook', want: { fault: 'no host in URL' } },
  { address: 'mailto:x', want: { fault: 'no host in URL' } },
  { address: 'http://', want: { fault: 'no host in URL' } },
  { address: 'http://user@/x', want: { fault: 'no host in URL' } },
  { address: 'http://exa mple.com', want: { fault: 'invalid character in host name' } },
  { address: 'http://a\nb', want: { fault: 'invalid control character in URL' } },
]) {
  test(`parts of ${JSON.stringify(address)}`, () => {
    assert.deepEqual(parseServerAddress(address), want);
  });
}
