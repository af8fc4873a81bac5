// What a backtest says of input that holds nothing to compare.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { runHere } from '../test/support/command.ts';

const ALERT = `apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: { name: all, namespace: apps }
spec: { providerRef: { name: hook }, eventSources: [{ kind: Kustomization, name: "*" }] }
`;

describe('a backtest', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-backtest-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const save = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  it('of no events says so, since it would pass as equal', async () => {
    const events = save('events.jsonl', '\n');

    const { code, stdout, stderr } = await runHere('backtest', '--alert', save('alert.yaml', ALERT), '--events', events, '--strict');

    assert.equal(code, 0);
    assert.match(stdout, /^Compared 0 events/);
    assert.equal(stderr, `There is no event in ${events}: nothing was compared.\n`);
  });

  it('of an Alert that cannot be read says where it is wrong', async () => {
    const alert = save('twice.yaml', `${ALERT}kind: Alert\n`);

    const { code, stderr } = await runHere('backtest', '--alert', alert, '--events', save('none.json', '[]'));

    assert.equal(code, 1);
    assert.ok(stderr.endsWith(`${alert}:5: a key stands twice in one mapping. Remove one of the two.\n`), stderr);
  });
});
