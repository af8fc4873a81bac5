import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGitAddress } from './address.ts';
import { commitHash, findRevision } from './revision.ts';
import { isProgress, statusDescription, verdictOf } from './status.ts';

const SHA = '5394cb7f48332b2de7c17dd8b8384bbc84b7e738';

const ADDRESSES = [
  { in: 'https://github.com/foo/bar.git', want: ['https', 'github.com', 'foo/bar'] },
  { in: 'https://github.com/foo/bar/', want: ['https', 'github.com', 'foo/bar/'] },
  { in: 'git@github.com:foo/bar.git', want: ['https', 'github.com', 'foo/bar'] },
  { in: 'github.com:foo/bar', want: ['https', 'github.com', 'foo/bar'] },
  { in: 'git@gitlab.com:2222/foo/bar.git', want: ['https', 'gitlab.com', '2222/foo/bar'] },
  { in: 'ssh://git@gitlab.com:2222/foo/bar.git', want: ['https', 'gitlab.com:2222', 'foo/bar'] },
  { in: 'git+ssh://git@github.com/foo/bar', want: ['git+ssh', 'github.com', 'foo/bar'] },
  { in: 'http://gitea.local:3000/foo/bar', want: ['http', 'gitea.local:3000', 'foo/bar'] },
  { in: 'github.com/foo/bar', want: ['file', '', 'github.com/foo/bar'] },
  { in: '', want: ['file', '', ''] },
  { in: 'https://github.com:443/foo/bar', want: ['https', 'github.com:443', 'foo/bar'] },
  { in: 'https://GitHub.com/foo/bar', want: ['https', 'GitHub.com', 'foo/bar'] },
  { in: 'https://org@dev.azure.com/org/my%20proj/_git/repo', want: ['https', 'dev.azure.com', 'org/my proj/_git/repo'] },
  { in: 'https://user:pw@github.com/foo/bar.git?x=y', want: ['https', 'github.com', 'foo/bar'] },
  { in: 'https://github.com/foo/b%C3%A4r', want: ['https', 'github.com', 'foo/bär'] },
  { in: 'https://github.com/foo/bar\n', want: ['file', '', 'https://github.com/foo/bar\n'] },
  { in: ' https://github.com/foo/bar', want: ['file', '', ' https://github.com/foo/bar'] },
  { in: 'https://github.com/foo/bar#a%zz', want: ['https', 'https', 'github.com/foo/bar'] },
  { in: 'https://git%41.com/foo/bar', want: ['https', 'https', 'git'] },
  { in: 'https:foo/bar', want: ['https', '', ''] },
  { in: 'a~b@git.example.com:foo/bar', want: ['https', 'git.example.com', 'foo/bar'] },
  { in: 'a+b@git.example.com:foo/bar', want: ['file', '', 'a+b@git.example.com:foo/bar'] },
  { in: 'https://github.com//foo/bar.git.git', want: ['https', 'github.com', 'foo/bar.git'] },
];

for (const { in: address, want } of ADDRESSES) {
  test(`the repository of ${JSON.stringify(address)}`, () => {
    const { scheme, host, id } = parseGitAddress(address);

    assert.deepEqual([scheme, host, id], want);
  });
}

test('an address with a blank in its host is no URL, and no forge accepts what is left of it', () => {
  assert.notEqual(parseGitAddress('http://exa mple.com/org/repo').id.split('/').length, 2);
});

const REVISIONS = [
  { in: `sha1:${SHA}`, want: SHA },
  { in: `main@sha1:${SHA}`, want: SHA },
  { in: `a/b@sha1:${SHA}`, want: SHA },
  { in: `main/${SHA}`, want: SHA },
  { in: `a/b/${SHA}`, want: SHA },
  { in: `HEAD/${SHA}`, want: SHA },
  { in: SHA, want: SHA },
  { in: 'x'.repeat(40), want: 'x'.repeat(40) },
  { in: 'ä'.repeat(20), want: 'ä'.repeat(20) },
  { in: 'master', want: undefined },
  { in: '', want: undefined },
  { in: `1.0.0@sha256:${'a'.repeat(64)}`, want: undefined },
  { in: `${SHA}:`, want: undefined },
];

for (const { in: revision, want } of REVISIONS) {
  test(`the commit of ${JSON.stringify(revision)}`, () => {
    assert.equal(commitHash(revision), want);
  });
}

const METADATA = [
  { name: 'commit first', in: { revision: 'r', originRevision: 'o', commit: 'c' }, want: 'c' },
  { name: 'then the origin', in: { revision: 'r', originRevision: 'o' }, want: 'o' },
  { name: 'then the revision', in: { revision: 'r' }, want: 'r' },
  { name: 'an empty one counts', in: { revision: 'r', commit: '' }, want: '' },
  { name: 'none', in: { summary: 's' }, want: undefined },
];

for (const { name, in: metadata, want } of METADATA) {
  test(`the revision of metadata: ${name}`, () => {
    assert.equal(findRevision(metadata), want);
  });
}

const DESCRIPTIONS = [
  ['ApplySucceeded', 'apply succeeded'],
  ['ReconciliationSucceeded', 'reconciliation succeeded'],
  ['event-happened', 'event - happened'],
  ['HTTPError2', 'http error 2'],
  ['HTTP', 'http'],
  ['', ''],
  ['a1B', 'a 1 b'],
  ['ÄpfelUndBirnen', 'äpfel und birnen'],
] as const;

for (const [reason, want] of DESCRIPTIONS) {
  test(`the words of ${JSON.stringify(reason)}`, () => {
    assert.equal(statusDescription(reason), want);
  });
}

test('only Progressing is progress', () => {
  assert.deepEqual(['Progressing', 'progressing', 'ProgressingWithRetry'].map(isProgress), [true, false, false]);
});

// What is not done yet is no success where the Provider asks for the truth; Flux says success.
const VERDICTS = [
  ['info', 'ReconciliationSucceeded', 'success', 'success'],
  ['info', 'Progressing', 'pending', 'pending'],
  ['info', 'ProgressingWithRetry', 'success', 'pending'],
  ['info', 'DependencyNotReady', 'success', 'pending'],
  ['error', 'DependencyNotReady', 'failure', 'failure'],
  ['error', 'Progressing', 'pending', 'pending'],
  ['trace', 'ReconciliationSucceeded', undefined, undefined],
] as const;

for (const [severity, reason, asFlux, asAsked] of VERDICTS) {
  test(`the verdict of ${severity} ${reason}`, () => {
    const event = { severity, reason };

    assert.deepEqual([verdictOf(event, false), verdictOf(event, true)], [asFlux, asAsked]);
  });
}
