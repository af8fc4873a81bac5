// What the commands that need no server know of their environment.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runHere } from '../test/support/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-render-'));
writeFileSync(
  join(folder, 'sentry.yaml'),
  `apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: { name: sentry, namespace: apps }
spec: { type: sentry, address: "https://key@sentry.example.com/1" }
`,
);
after(() => rmSync(folder, { recursive: true, force: true }));

test('render shows what the environment adds to a message', async (context) => {
  const before = process.env['SENTRY_ENVIRONMENT'];
  context.after(() => (before === undefined ? delete process.env['SENTRY_ENVIRONMENT'] : (process.env['SENTRY_ENVIRONMENT'] = before)));
  process.env['SENTRY_ENVIRONMENT'] = 'staging';

  const { code, stdout } = await runHere('render', 'Kustomization/apps/web', '--provider', 'apps/sentry', '--manifests', folder);

  assert.equal(code, 0);
  assert.match(stdout, /"environment":\s*"staging"/);
});
