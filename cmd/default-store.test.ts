import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultStore, isMountPoint } from './default-store.ts';

const POD = { KUBERNETES_SERVICE_HOST: '10.96.0.1' };

for (const { name, variables, volumes, want } of [
  { name: 'on somebody’s machine', variables: {}, volumes: ['/data', '/tmp'], want: 'sqlite:.tocsin/outbox.db' },
  { name: 'in a pod with a volume', variables: POD, volumes: ['/data', '/tmp'], want: 'sqlite:/data/outbox.db' },
  { name: 'that the variable names', variables: { ...POD, TOCSIN_STORE: 'postgres://db/a' }, volumes: ['/data'], want: 'postgres://db/a' },
  { name: 'of an empty variable', variables: { TOCSIN_STORE: '' }, volumes: ['/data'], want: 'sqlite:.tocsin/outbox.db' },
  { name: 'in a pod without one', variables: POD, volumes: ['/tmp'], want: 'sqlite:/tmp/tocsin/outbox.db' },
]) {
  test(`the store ${name}`, () => {
    assert.equal(
      defaultStore(variables, (directory) => volumes.includes(directory)),
      want,
    );
  });
}

const MOUNTS = `22 1 0:30 / / rw,relatime - overlay overlay rw
23 22 8:1 /pvc /data rw,relatime - ext4 /dev/sda1 rw`;

for (const { directory, want } of [
  { directory: '/data', want: true },
  { directory: '/data/below', want: false },
  { directory: '/dat', want: false },
]) {
  test(`${directory} ${want ? 'is' : 'is not'} a volume`, () => {
    assert.equal(isMountPoint(directory, MOUNTS), want);
  });
}
