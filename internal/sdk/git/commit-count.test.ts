import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleEvent } from '../example-event.ts';
import type { TallyWord } from '../tally.ts';
import { countObjects, describeCount, verdictOfCount } from './commit-count.ts';
import { readWord, toCommitWord } from './commit-word.ts';

const SHORT = 140;

type Turn = 'ready' | 'failing' | 'working' | 'superseded';

/** `failing apps/web`, or with a kind `failing HelmRelease:apps/web`. */
function word(text: string): TallyWord {
  const [, turn = '', kind = 'Kustomization', namespace = '', name = ''] = /^(\w+) (?:(\w+):)?(\w+)\/(.+)$/.exec(text) ?? [];
  const { severity, reason } = EVENTS[turn as Turn];
  const event = exampleEvent({ severity, reason, involvedObject: { ...exampleEvent().involvedObject, kind, namespace, name } });
  const told = toCommitWord(event, true);
  assert.ok(told !== undefined);
  return { member: text, word: told.text, isOpen: turn === 'working', ...(turn === 'superseded' ? { closedBy: 'b'.repeat(40) } : {}) };
}

const EVENTS = {
  ready: { severity: 'info', reason: 'ReconciliationSucceeded' },
  failing: { severity: 'error', reason: 'HealthCheckFailed' },
  working: { severity: 'info', reason: 'DependencyNotReady' },
  superseded: { severity: 'info', reason: 'Progressing' },
};

const many = (turn: Turn, count: number): string[] => Array.from({ length: count }, (_, index) => `${turn} apps/application-${index}`);

const ROWS: readonly { words: readonly string[]; maxChars?: number; want: string }[] = [
  { words: [], want: 'success: 0 of 0 ready' },
  { words: ['ready apps/web', 'ready infra/dns'], want: 'success: 2 of 2 ready' },
  {
    words: ['failing apps/web', 'failing infra/dns', ...many('ready', 38)],
    want: 'failure: 38 of 40 ready, 2 failing: apps/web, infra/dns',
  },
  { words: ['failing apps/web', 'working infra/dns', 'ready apps/db'], want: 'pending: 1 of 3 ready, 1 failing: apps/web' },
  { words: ['working infra/dns', 'ready apps/db'], want: 'pending: 1 of 2 ready, 1 in progress: infra/dns' },
  { words: ['superseded apps/web', 'ready apps/db'], want: 'success: 1 of 2 ready, 1 superseded by bbbbbbbb' },
  { words: ['superseded apps/web', 'failing apps/db'], want: 'failure: 0 of 2 ready, 1 failing: apps/db' },
  {
    words: ['failing apps/web', 'failing HelmRelease:apps/web', 'failing apps/db'],
    want: 'failure: 0 of 3 ready, 3 failing: Kustomization/apps/web, HelmRelease/apps/web, apps/db',
  },
  {
    words: many('failing', 12),
    maxChars: 80,
    want: 'failure: 0 of 12 ready, 12 failing: apps/application-0, apps/application-1 and 10 more',
  },
  { words: many('failing', 3), maxChars: 30, want: 'failure: 0 of 3 ready, 3 failing' },
  { words: many('failing', 3), maxChars: 10, want: 'failure: 0 of 3 re…' },
];

for (const { words, maxChars = SHORT, want } of ROWS) {
  test(`a commit that is ${want}`, () => {
    const count = countObjects(words.map(word));
    const description = describeCount(count, maxChars);

    assert.equal(`${verdictOfCount(count)}: ${description}`, want);
    assert.ok(description.length <= maxChars);
  });
}

test('no more names than people read, whatever fits', () => {
  assert.match(describeCount(countObjects(many('failing', 50).map(word)), 10_000), /application-19 and 30 more$/);
});

test('a word keeps what a page shows, in short', () => {
  const told = toCommitWord(exampleEvent({ message: 'm'.repeat(5_000), reason: 'ApplySucceeded' }), true);

  const { message, ...rest } = readWord(told?.text ?? '');

  assert.equal(message.length, 300);
  assert.deepEqual(rest, { verdict: 'success', kind: 'Kustomization', namespace: 'apps', name: 'webapp', reason: 'apply succeeded' });
});

test('an event without a commit or a verdict has no word', () => {
  const metadata = Object.assign(Object.create(null) as Record<string, string>, { revision: 'main' });

  assert.equal(toCommitWord(exampleEvent({ metadata }), true), undefined);
  assert.equal(toCommitWord(exampleEvent({ severity: 'trace' }), true), undefined);
});
