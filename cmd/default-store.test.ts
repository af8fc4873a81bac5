import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultStore } from './default-store.ts';

const POD = { KUBERNETES_SERVICE_HOST: '10.96.0.1' };

for (const { name, variables, writable, want } of [
  { name: 'on somebody’s machine', variables: {}, writable: ['/data', '/tmp'], want: 'sqlite:.tocsin/outbox.db' },
  { name: 'in a pod with a volume', variables: POD, writable: ['/data', '/tmp'], want: 'sqlite:/data/outbox.db' },
  { name: 'that the variable names', variables: { ...POD, TOCSIN_STORE: 'postgres://db/a' }, writable: ['/data'], want: 'postgres://db/a' },
  { name: 'of an empty variable', variables: { TOCSIN_STORE: '' }, writable: ['/data'], want: 'sqlite:.tocsin/outbox.db' },
  { name: 'in a pod without one', variables: POD, writable: ['/tmp'], want: 'sqlite:/tmp/tocsin/outbox.db' },
]) {
  test(`the store ${name}`, () => {
    assert.equal(
      defaultStore(variables, (directory) => writable.includes(directory)),
      want,
    );
  });
}
