import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { toLocalRfc3339, toLocalRfc3339Nano, toUnixSeconds, ZERO_TIME } from './rfc3339.ts';

const INSTANT_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

for (const { zone, want } of [
  { zone: 'UTC', want: '2026-01-02T03:04:05Z 2026-01-02T03:04:05.678Z' },
  { zone: 'Asia/Kolkata', want: '2026-01-02T08:34:05+05:30 2026-01-02T08:34:05.678+05:30' },
  { zone: 'America/New_York', want: '2026-01-01T22:04:05-05:00 2026-01-01T22:04:05.678-05:00' },
]) {
  test(`the time in ${zone}`, () => {
    const module = JSON.stringify(join(import.meta.dirname, 'rfc3339.ts'));
    const script = `import(${module}).then((m) => process.stdout.write([m.toLocalRfc3339, m.toLocalRfc3339Nano].map((to) => to(${INSTANT_MS})).join(' ')))`;

    const { stdout } = spawnSync(process.execPath, ['-e', script], { env: { TZ: zone }, encoding: 'utf8' });

    assert.equal(stdout, want);
  });
}

test('a fraction is written as far as it goes', () => {
  const fractions = [0, 600, 60, 6].map((ms) =>
    toLocalRfc3339Nano(Date.UTC(2026, 0, 2, 3, 4, 5, ms))
      .slice(19)
      .replace(/[Z+-].*$/, ''),
  );

  assert.deepEqual(fractions, ['', '.6', '.06', '.006']);
});

test('a time that was never set is the zero of Go', () => {
  assert.equal(toLocalRfc3339(null), ZERO_TIME);
  assert.equal(toLocalRfc3339Nano(null), ZERO_TIME);
  assert.equal(toUnixSeconds(null), -62_135_596_800);
  assert.equal(toUnixSeconds(INSTANT_MS), 1_767_323_045);
});
