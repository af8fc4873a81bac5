import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLasting, isOnEmptyDir } from './persistence.ts';

const POD = '/var/lib/kubelet/pods/0c9c2e41/volumes';
const MOUNTS = `22 1 0:30 / / rw,relatime - overlay overlay rw
23 22 8:1 ${POD}/kubernetes.io~empty-dir/temp /tmp rw,relatime - ext4 /dev/sda1 rw
24 22 8:1 ${POD}/kubernetes.io~empty-dir/outer /data rw,relatime - ext4 /dev/sda1 rw
25 24 8:16 / /data/store rw,relatime - ext4 /dev/sdb rw
26 22 8:32 /pvc /volume rw,relatime - ext4 /dev/sdc rw`;

const cases = [
  { name: 'an emptyDir', folder: '/tmp', want: true },
  { name: 'a folder in an emptyDir', folder: '/tmp/a/b', want: true },
  { name: 'a disk of its own', folder: '/volume', want: false },
  { name: 'a disk mounted into an emptyDir', folder: '/data/store', want: false },
  { name: 'a folder that only begins with the same letters', folder: '/tmpfoo', want: false },
  { name: "the container's own file system", folder: '/home', want: false },
];

for (const { name, folder, want } of cases) {
  test(`${name} ${want ? 'goes' : 'does not go'} with its pod`, () => {
    assert.equal(isOnEmptyDir(folder, MOUNTS), want, name);
  });
}

const EXT4 = 0xef53;
const TMPFS = 0x01021994;
const OVERLAYFS = 0x794c7630;

for (const { name, type, isMount, want } of [
  { name: 'a disk', type: EXT4, isMount: true, want: true },
  { name: "a folder of the machine's disk", type: EXT4, isMount: false, want: true },
  { name: 'a volume in memory', type: TMPFS, isMount: true, want: false },
  { name: 'a folder in memory', type: TMPFS, isMount: false, want: false },
  { name: "a container's own layer", type: OVERLAYFS, isMount: false, want: false },
  { name: 'a volume of a machine that is a container itself', type: OVERLAYFS, isMount: true, want: true },
]) {
  test(`${name} ${want ? 'lasts' : 'does not last'}`, () => {
    assert.equal(isLasting(type, isMount), want, name);
  });
}

test('without a list of mounts nothing is known', () => {
  assert.equal(isOnEmptyDir('/tmp', ''), false);
});
