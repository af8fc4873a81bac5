import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderGround } from './ground.ts';
import { readArea } from './vector.ts';
import { createMaterial, createPorts, runWorld } from './world.ts';

test('a program that acknowledges and sends nothing fails exactly the cases that have requests', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-compat-test-'));
  const vectors = readArea('slack').slice(0, 8);
  try {
    const world = await runWorld(
      {
        ground: folderGround,
        directory,
        vectors,
        jobs: 4,
        program: join(import.meta.dirname, 'silent-program.ts'),
        onResult: () => undefined,
      },
      createMaterial(),
      createPorts(32_100, 32_700),
    );

    const failed = world.results.filter((result) => result.differences.length > 0).map((result) => result.name);
    const wanted = vectors.filter(({ expected }) => (expected.requests ?? []).length > 0).map(({ name }) => name);
    assert.equal(world.ending, 'exit 0');
    assert.deepEqual(failed.toSorted(), wanted.toSorted());
    assert.ok(wanted.length > 0 && wanted.length < vectors.length);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
