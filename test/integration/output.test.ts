// What becomes of a command whose output cannot be written.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { PROGRAM } from '../support/product.ts';

test('a full disk behind standard output is told in words and fails the command', () => {
  const full = openSync('/dev/full', 'w');
  try {
    const { status, stderr } = spawnSync(process.execPath, [PROGRAM, 'version'], { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' });

    assert.deepEqual([status, stderr], [1, 'tocsin: the output cannot be written: ENOSPC: no space left on device, write\n']);
  } finally {
    closeSync(full);
  }
});
