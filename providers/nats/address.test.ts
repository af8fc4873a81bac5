import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigFault } from '../../internal/sdk/provider.ts';
import { toServers } from './address.ts';

const ADDRESSES: readonly { address: string; want: readonly string[] }[] = [
  { address: 'nats', want: ['nats 4222'] },
  { address: 'nats:80', want: ['nats 80'] },
  { address: 'nats://nats.messaging.svc:4222/', want: ['nats.messaging.svc 4222'] },
  { address: 'TLS://nats.example.com', want: ['nats.example.com 4222 tls'] },
  { address: 'tcp://nats', want: ['nats 4222'] },
  { address: 'https://nats:80', want: ['nats 80'] },
  { address: 'nats://[::1]:5222', want: ['::1 5222'] },
  { address: '[2001:db8::1]', want: ['2001:db8::1 4222'] },
  { address: ' a:1 ,, tls://b:2,nats://c ', want: ['a 1', 'b 2 tls', 'c 4222'] },
  { address: 'nats://user:p%40ss@n', want: ['n 4222 {"user":"user","password":"p@ss"}'] },
  { address: 'nats://tok%en@n', want: ['n 4222 {"token":"tok%en"}'] },
];

for (const { address, want } of ADDRESSES) {
  test(`the servers of ${JSON.stringify(address)}`, () => {
    const servers = toServers(address).map(({ host, port, requiresTls, userInfo }) =>
      [host, port, ...(requiresTls ? ['tls'] : []), ...(userInfo === undefined ? [] : [JSON.stringify(userInfo)])].join(' '),
    );

    assert.deepEqual(servers, want);
  });
}

for (const scheme of ['ws', 'WSS']) {
  test(`${scheme} is another protocol`, () => {
    assert.throws(() => toServers(`${scheme}://nats:4222`), ConfigFault);
  });
}
