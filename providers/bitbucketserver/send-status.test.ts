import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { createBench, toRenderInput, toResponse } from '../../test/support/provider-run.ts';
import { SHA } from '../../test/support/status-forge.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import type { HttpResponse } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { ConfigFault, type RenderInput } from '../../internal/sdk/provider.ts';
import definition from './bitbucketserver.provider.ts';
import { sendStatus } from './send-status.ts';

const CONTEXT = 'kustomization/webapp/0c9c2e41';
const ADDRESS = 'https://bitbucket.example.com/scm/proj/repo.git';
const BUILDS = `/rest/api/latest/projects/proj/repos/repo/commits/${SHA}/builds`;
const NOT_FOUND = toResponse(404, { errors: [{ message: 'no build' }] });

function input(
  changes: { secret?: Record<string, string>; event?: Parameters<typeof exampleEvent>[0]; address?: string; statusId?: string } = {},
): RenderInput {
  return toRenderInput({
    spec: { address: changes.address ?? ADDRESS },
    secret: changes.secret ?? { token: 'bbs-token' },
    event: exampleEvent(changes.event),
    statusId: changes.statusId ?? CONTEXT,
  });
}

const EQUAL = {
  key: keyOf(CONTEXT),
  state: 'SUCCESSFUL',
  description: 'reconciliation succeeded',
  name: 'kustomization/webapp [reconciliation succeeded]',
};
const EXISTING = [
  { name: 'equal', build: EQUAL, posts: 0 },
  { name: 'another name', build: { ...EQUAL, name: 'x' }, posts: 1 },
  { name: 'another state', build: { ...EQUAL, state: 'FAILED' }, posts: 1 },
  { name: 'another description', build: { ...EQUAL, description: 'x' }, posts: 1 },
  { name: 'another key', build: { ...EQUAL, key: 'x' }, posts: 1 },
  { name: 'something else', build: {}, posts: 1 },
];

for (const { name, build, posts } of EXISTING) {
  test(`an existing build: ${name}`, async () => {
    const bench = createBench((request) => toResponse(request.method === 'POST' ? 204 : 200, request.method === 'POST' ? '' : build));

    const outcome = await sendStatus(bench.context, input());

    assert.equal(outcome.kind, 'delivered');
    assert.equal(bench.requests.filter(({ method }) => method === 'POST').length, posts);
  });
}

const READINGS = [
  { name: 'null', answer: toResponse(200, 'null'), want: 'delivered' },
  { name: 'nothing', answer: toResponse(204), want: 'delivered' },
  { name: 'a status that comes without a build', answer: toResponse(202, 'later'), want: 'delivered' },
  { name: 'a list', answer: toResponse(200, []), want: 'retry' },
  { name: 'a page', answer: toResponse(200, '<html>'), want: 'retry' },
];

for (const { name, answer, want } of READINGS) {
  test(`reading is answered with ${name}`, async () => {
    const bench = createBench((request) => (request.method === 'POST' ? toResponse(204) : answer));

    assert.equal((await sendStatus(bench.context, input())).kind, want);
  });
}

const CREATIONS: readonly { name: string; answer: HttpResponse; want: Partial<Outcome> }[] = [
  {
    name: 'a login page',
    answer: toResponse(302, '', { location: '/login?os_destination=x' }),
    want: { kind: 'rejected', reason: 'bad-request' },
  },
  { name: 'no rights', answer: toResponse(401, ''), want: { kind: 'deferred', reason: 'auth', until: 'target-change' } },
  { name: 'no repository', answer: NOT_FOUND, want: { kind: 'retry', reason: 'not-found' } },
  {
    name: 'a limit',
    answer: toResponse(429, '', { 'retry-after': '3', 'x-ratelimit-remaining': '0' }),
    want: { kind: 'deferred', reason: 'rate-limited', until: { afterMs: 3_000 } },
  },
];

for (const { name, answer, want } of CREATIONS) {
  test(`writing is answered: ${name}`, async () => {
    const bench = createBench((request) => (request.method === 'POST' ? answer : NOT_FOUND));

    const outcome = await sendStatus(bench.context, input());

    assert.deepEqual({ ...outcome, ...want }, outcome);
  });
}

const ADDRESSES = [
  {
    name: 'a path of the installation',
    address: 'https://h.example.com/bb/scm/proj/repo.git',
    base: 'https://h.example.com/bb',
    query: '',
  },
  {
    name: 'scm in the path of the installation',
    address: 'https://h.example.com/scm/scm/proj/repo',
    base: 'https://h.example.com/scm',
    query: '',
  },
  {
    name: 'a query, kept on writing',
    address: 'https://h.example.com/scm/proj/repo.git?a=b',
    base: 'https://h.example.com',
    query: '?a=b',
  },
  {
    name: 'blanks and escapes',
    address: 'https://h.example.com/b%20b/scm/~proj/re po%2egit',
    base: 'https://h.example.com/b%20b',
    builds: BUILDS.replace('/proj/', '/~proj/').replace('/repo/', '/re%20po/'),
    query: '',
  },
  { name: 'an unclean path', address: 'https://h.example.com//b/./c/../scm/proj/repo', base: 'https://h.example.com/b', query: '' },
  { name: 'credentials, left out', address: 'https://u:pw-1@h.example.com/scm/proj/repo.git', base: 'https://h.example.com', query: '' },
];

for (const { name, address, base, builds = BUILDS, query } of ADDRESSES) {
  test(`an address with ${name}`, async () => {
    const bench = createBench((request) => (request.method === 'POST' ? toResponse(204) : NOT_FOUND));

    await sendStatus(bench.context, input({ address }));

    const urls = bench.requests.map(({ url }) => url);
    assert.deepEqual(urls, [`${base}${builds}?key=${keyOf(CONTEXT)}`, `${base}${builds}${query}`]);
    assert.ok(!String(bench.requests[1]?.body).includes('pw-1'));
  });
}

const FAULTS = [
  { name: 'no address', changes: { address: '' }, message: /unsupported scheme type/ },
  { name: 'ssh', changes: { address: 'ssh://git@h.example.com/proj/repo.git' }, message: /unsupported scheme type in address: ssh/ },
  { name: 'a blank in the host', changes: { address: 'http://exa mple.com/scm/a/b' }, message: /it is no URL/ },
  { name: 'no scm', changes: { address: 'https://h.example.com/proj/repo' }, message: /not http\(s\) git clone url/ },
  { name: 'one part', changes: { address: 'https://h.example.com/scm/repo' }, message: /invalid repository id/ },
  { name: 'an escaped slash', changes: { address: 'https://h.example.com/scm/a%2Fb/repo' }, message: /invalid repository id/ },
  { name: 'a broken escape', changes: { address: 'https://h.example.com/scm/a/b%zz' }, message: /it is no URL/ },
  { name: 'no credentials', changes: { secret: {} }, message: /invalid credentials/ },
  { name: 'a password alone', changes: { secret: { password: 'pw-1' } }, message: /invalid credentials/ },
  { name: 'a token with a line end', changes: { secret: { token: 'bbs-token\n' } }, message: /token holds/ },
];

for (const { name, changes, message } of FAULTS) {
  test(`configuration that cannot work is a fault before any call: ${name}`, async () => {
    const bench = createBench(() => NOT_FOUND);

    await assert.rejects(sendStatus(bench.context, input(changes)), (error) => error instanceof ConfigFault && message.test(error.message));
    assert.equal(bench.requests.length, 0);
  });
}

test('an empty description is left out, a long name is cut', async () => {
  const bench = createBench((request) => (request.method === 'POST' ? toResponse(204) : NOT_FOUND));

  await sendStatus(bench.context, input({ event: { reason: '' } }));
  await sendStatus(bench.context, input({ event: { reason: 'Very'.repeat(100) } }));

  const [empty, long] = [1, 3].map((i) => JSON.parse(String(bench.requests[i]?.body)) as Record<string, string>);
  assert.deepEqual([empty && 'description' in empty, empty?.['name']], [false, 'kustomization/webapp []']);
  assert.deepEqual([long?.['name']?.length, long?.['description']?.length], [255, 255]);
});

test('two ways to write one repository share a lane', () => {
  const target = { namespace: 'apps', name: 'bitbucket', uid: 'u' };
  const parts = { target, channel: '', annotations: {}, event: exampleEvent(), statusId: CONTEXT };

  assert.deepEqual(
    definition.lane?.({ ...parts, address: 'https://Bitbucket.example.com/scm/PROJ/repo' }),
    definition.lane?.({ ...parts, address: ADDRESS }),
  );
});

function keyOf(context: string): string {
  return createHash('sha1').update(context).digest('hex');
}
