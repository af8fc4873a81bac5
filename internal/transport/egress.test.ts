import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigFault } from '../sdk/provider.ts';
import { egressFault, parseEgress } from './egress.ts';

const OWN = {
  listeners: [
    { host: '0.0.0.0', port: 9090 },
    { host: '127.0.0.1', port: 9797 },
    { host: '10.1.2.3', port: 9292 },
    { host: 'localhost', port: 8080 },
  ],
  addresses: () => ['127.0.0.1', '::1', '10.1.2.3', 'fe80::1%eth0', '2001:db8::7'],
  hostName: 'tocsin-0',
};

/** As the transport sees it: a URL is normalised before anything looks at its host. */
function fault(url: string, rules: { deny?: string[]; allow?: string[]; denyLoopback?: boolean }, resolved?: string): string | undefined {
  const { hostname, port, protocol } = new URL(url);
  const policy = parseEgress({ deny: rules.deny ?? [], allow: rules.allow ?? [], denyLoopback: rules.denyLoopback ?? false });
  const destination = { name: hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)) };
  return egressFault(resolved === undefined ? destination : { ...destination, address: resolved }, policy, OWN);
}

const METADATA = 'it is a cloud metadata address';
const LINK_LOCAL = 'it is a link-local address';
const UNSPECIFIED = 'it is an unspecified address';
const LOOPBACK = 'it is a loopback address';
const OWN_LISTENER = 'it is a listener of this process';
const DENIED = 'it is denied by --egress-deny';

test('literal addresses in every spelling', () => {
  const cases: readonly (readonly [url: string, want: string | undefined])[] = [
    ['http://169.254.169.254/', METADATA],
    ['http://2852039166/', METADATA],
    ['http://0xa9fea9fe/', METADATA],
    ['http://0251.0376.0251.0376/', METADATA],
    ['http://169.254.43518/', METADATA],
    ['http://[::ffff:169.254.169.254]/', METADATA],
    ['http://[::ffff:a9fe:a9fe]/', METADATA],
    ['http://[0:0:0:0:0:ffff:a9fe:a9fe]/', METADATA],
    ['http://[::169.254.169.254]/', METADATA],
    ['http://[::ffff:0:169.254.169.254]/', METADATA],
    ['http://[64:ff9b::a9fe:a9fe]/', METADATA],
    ['http://[64:ff9b:1::a9fe:a9fe]/', METADATA],
    ['http://[2002:a9fe:a9fe::1]/', METADATA],
    ['http://[fd00:ec2::254]/', METADATA],
    ['http://[fd20:ce::254]/', METADATA],
    ['http://100.100.100.200/', METADATA],
    ['http://168.63.129.16/', METADATA],
    ['http://169.254.170.2/', METADATA],
    ['http://169.254.1.1/', LINK_LOCAL],
    ['http://[fe80::1]/', LINK_LOCAL],
    ['http://[febf::1]/', LINK_LOCAL],
    ['http://[::ffff:169.254.1.1]/', LINK_LOCAL],
    ['http://0.0.0.0/', UNSPECIFIED],
    ['http://0/', UNSPECIFIED],
    ['http://[::]/', UNSPECIFIED],
    ['http://[::ffff:0.0.0.0]/', UNSPECIFIED],
    ['http://0.1.2.3/', UNSPECIFIED],
    ['http://224.0.0.1/', 'it is a multicast or broadcast address'],
    ['http://255.255.255.255/', 'it is a multicast or broadcast address'],
    ['http://[ff02::1]/', 'it is a multicast or broadcast address'],
    ['http://metadata.google.internal/', 'it is a cloud metadata name'],
    ['http://METADATA.google.internal./', 'it is a cloud metadata name'],
    ['http://metadata/', 'it is a cloud metadata name'],
    ['http://2130706433/', undefined],
    ['http://127.0.0.1/', undefined],
    ['http://[::1]/', undefined],
    ['http://10.0.0.1/', undefined],
    ['http://192.168.0.1/', undefined],
    ['http://[64:ff9b::808:808]/', undefined],
    ['http://[::ffff:10.0.0.1]/', undefined],
    ['http://[2001:db8::1]/', undefined],
    ['https://hooks.example.com/', undefined],
  ];

  for (const [url, want] of cases) assert.equal(fault(url, {}), want, url);
});

test('loopback is refused only when asked for', () => {
  for (const url of [
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://127.8.8.8/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://localhost/',
    'http://a.localhost/',
  ]) {
    assert.equal(fault(url, { denyLoopback: true }), LOOPBACK, url);
    assert.equal(fault(url, {}), undefined, url);
  }
  assert.equal(fault('http://hooks.example.com/', { denyLoopback: true }, '127.0.0.1'), LOOPBACK);
});

test('what a name resolves to is judged, not only the name', () => {
  const cases: readonly (readonly [resolved: string, want: string | undefined])[] = [
    ['169.254.169.254', METADATA],
    ['::ffff:169.254.169.254', METADATA],
    ['fe80::1%eth0', LINK_LOCAL],
    ['0.0.0.0', UNSPECIFIED],
    ['93.184.216.34', undefined],
  ];

  for (const [resolved, want] of cases) assert.equal(fault('http://rebind.example.com/', {}, resolved), want, resolved);
});

test('own listeners in any local form, which nothing can allow', () => {
  const allowAll = { allow: ['0.0.0.0/0', '::/0', 'localhost', '*.localhost', 'tocsin-0'] };
  const cases: readonly (readonly [url: string, resolved: string | undefined, want: string | undefined])[] = [
    ['http://127.0.0.1:9090/', undefined, OWN_LISTENER],
    ['http://127.0.0.5:9090/', undefined, OWN_LISTENER],
    ['http://2130706433:9090/', undefined, OWN_LISTENER],
    ['http://[::1]:9090/', undefined, OWN_LISTENER],
    ['http://[::ffff:127.0.0.1]:9090/', undefined, OWN_LISTENER],
    ['http://[::ffff:10.1.2.3]:9090/', undefined, OWN_LISTENER],
    ['http://0.0.0.0:9090/', undefined, OWN_LISTENER],
    ['http://[::]:9090/', undefined, OWN_LISTENER],
    ['http://10.1.2.3:9090/', undefined, OWN_LISTENER],
    ['http://[2001:db8::7]:9090/', undefined, OWN_LISTENER],
    ['http://localhost:9090/', undefined, OWN_LISTENER],
    ['http://localhost:9090/', '127.0.0.1', OWN_LISTENER],
    ['http://tocsin-0:9090/', undefined, OWN_LISTENER],
    ['http://tocsin.example.com:9090/', '10.1.2.3', OWN_LISTENER],
    ['http://127.0.0.1:9797/', undefined, OWN_LISTENER],
    ['http://0.0.0.0:9797/', undefined, OWN_LISTENER],
    ['http://localhost:9797/', undefined, OWN_LISTENER],
    ['http://10.1.2.3:9797/', undefined, undefined],
    ['http://10.1.2.3:9292/', undefined, OWN_LISTENER],
    ['http://127.0.0.1:9292/', undefined, undefined],
    ['http://[::1]:8080/', undefined, OWN_LISTENER],
    ['http://127.0.0.1:8080/', undefined, OWN_LISTENER],
    ['http://127.0.0.1:9091/', undefined, undefined],
    ['http://10.9.9.9:9090/', undefined, undefined],
  ];

  for (const [url, resolved, want] of cases) assert.equal(fault(url, allowAll, resolved), want, `${url} ${resolved ?? ''}`);
});

test('deny and allow take addresses, networks, names and suffixes; allow wins', () => {
  const cases: readonly (readonly [
    url: string,
    deny: string[],
    allow: string[],
    resolved: string | undefined,
    want: string | undefined,
  ])[] = [
    ['http://10.0.0.1/', ['10.0.0.0/8'], [], undefined, DENIED],
    ['http://[::ffff:10.0.0.1]/', ['10.0.0.0/8'], [], undefined, DENIED],
    ['http://a.example.com/', ['10.0.0.0/8'], [], '10.2.3.4', DENIED],
    ['http://11.0.0.1/', ['10.0.0.0/8'], [], undefined, undefined],
    ['http://10.0.0.1/', ['10.0.0.0/8'], ['10.0.0.1'], undefined, undefined],
    ['http://[fd12::1]/', ['fc00::/7'], [], undefined, DENIED],
    ['http://a.example.com/', ['a.example.com'], [], '1.2.3.4', DENIED],
    ['http://A.Example.com./', ['a.example.com'], [], '1.2.3.4', DENIED],
    ['http://b.example.com/', ['a.example.com'], [], '1.2.3.4', undefined],
    ['http://b.example.com/', ['*.example.com'], [], '1.2.3.4', DENIED],
    ['http://example.com/', ['*.example.com'], [], '1.2.3.4', undefined],
    ['http://badexample.com/', ['*.example.com'], [], '1.2.3.4', undefined],
    ['http://b.example.com/', ['*.example.com'], ['b.example.com'], '1.2.3.4', undefined],
    ['http://169.254.1.1/', [], ['169.254.0.0/16'], undefined, undefined],
    ['http://metadata.google.internal/', [], ['metadata.google.internal'], '169.254.169.254', undefined],
    ['http://hook.example.com/', ['0.0.0.0/0', '::/0'], ['*.example.com'], '1.2.3.4', undefined],
    ['http://hook.other.com/', ['0.0.0.0/0', '::/0'], ['*.example.com'], '1.2.3.4', DENIED],
  ];

  for (const [url, deny, allow, resolved, want] of cases)
    assert.equal(fault(url, { deny, allow }, resolved), want, `${url} ${deny.join()} ${allow.join()}`);
});

test('a rule that is nothing is refused by name of its flag', () => {
  for (const rule of ['10.0.0.0/33', 'http://x', 'a b', '10.0.0.0/8/8', '*', 'x/8', '::/129']) {
    assert.throws(
      () => parseEgress({ deny: [rule], allow: [], denyLoopback: false }),
      (error) => error instanceof ConfigFault && error.message.startsWith('--egress-deny: '),
      rule,
    );
  }
});
