// Events that say less than Flux's do, in the words of explain.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Verdict } from '../internal/routing/route.ts';
import { runHere } from '../test/support/command.ts';
import { toRef, toTestEvent } from '../test/support/routing.ts';
import { describeStored } from './explain-text.ts';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-explain-'));
const eventFile = join(folder, 'event.json');
after(() => rmSync(folder, { recursive: true, force: true }));

test('an event without an object is said to be about none', async () => {
  writeFileSync(eventFile, JSON.stringify({ severity: 'info', reason: 'Tested', message: 'hello' }));

  const { code, stdout } = await runHere('explain', '--event', eventFile, '--manifests', 'manifests/samples');

  assert.equal(code, 0);
  assert.match(stdout, /^Event [-0-9a-f]{36}: info Tested of no object, as configured now/);
  assert.match(stdout, /the event names no kind of object, spec\.eventSources names /);
  assert.doesNotMatch(stdout, /\/\/,|about a {2}|kind: {2}/);
});

test('a mistyped kind is asked about the right way round', async () => {
  const { stdout } = await runHere('explain', 'Kustomisation/apps/web', '--manifests', 'manifests/samples', '--all');

  assert.match(stdout, /is "Kustomisation" a mistyped "Kustomization"\?/);
  assert.doesNotMatch(stdout, /a mistyped "Kustomisation"/);
});

test('what stood for all Alerts while none was known is not told as one of them', () => {
  const stood = { kind: 'dropped', reason: 'nothing-to-send', route: toRef('', ''), targetKey: '' } as const;
  const verdict = { kind: 'matched', route: toRef('apps', 'failures'), targetKey: '' } as const;
  const stored = {
    event: toTestEvent(),
    acceptedAtMs: 0,
    pending: false,
    revision: 'r',
    deliveries: [],
    targets: [],
    now: { verdicts: [], revision: 'r' },
  };
  const explain = (verdicts: readonly Verdict[]): readonly string[] =>
    describeStored({ ...stored, verdicts }, { nowMs: 0, all: false }).filter((line) => /Decided|Alert /.test(line));

  assert.deepEqual(explain([verdict]), ['Decided on arrival (configuration r):', '  matched  Alert apps/failures']);
  assert.deepEqual(explain([stood, verdict]), ['Decided once the Alerts were known (configuration r):', '  matched  Alert apps/failures']);
});
