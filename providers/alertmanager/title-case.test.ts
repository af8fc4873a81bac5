import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toTitleCase } from './title-case.ts';

for (const [text, want] of [
  ['ReconciliationSucceeded', 'Reconciliationsucceeded'],
  ['HTTPError', 'Httperror'],
  ['foo-bar baz', 'Foo-Bar Baz'],
  ['apply_failed', 'Apply_failed'],
  ['healthCheck.failed', 'Healthcheck.failed'],
  ['3dPrint', '3Dprint'],
  ["can't do", "Can't Do"],
  ["rock' roll", "Rock' Roll"],
  ['event-happened', 'Event-Happened'],
  ['x/y', 'X/Y'],
  ['x:y', 'X:y'],
  ['été', 'Été'],
  ['straße', 'Straße'],
  ['ßa', 'Ssa'],
  ['語abc', '語Abc'],
  ['retry..now', 'Retry..Now'],
  ["it''s", "It''S"],
  ["v2'.x", "V2'.X"],
  ['ǆur', 'ǅur'],
  ['გზა', 'გზა'],
  ['ŉx', 'ʼNx'],
  ['ΑΣ ΑΣΑ İΣ', 'Ας Ασα İς'],
  ['', ''],
] as const) {
  test(`${JSON.stringify(text)} becomes ${JSON.stringify(want)}`, () => {
    assert.equal(toTitleCase(text), want);
  });
}
