import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { credentialOf, type Dialect, pageOf, sentText } from '../../test/support/comment-forge.ts';
import { testComments } from '../../test/support/comment-suite.ts';
import { createBench, toRenderInput, toResponse } from '../../test/support/provider-run.ts';
import definition from './gitlabmergerequestcomment.provider.ts';
import { sendMergeRequestComment } from './send-comment.ts';

const NOTES = /^\/api\/v4\/projects\/org%2F\w+\/merge_requests\/(\d+)\/notes(?:\/(\d+))?$/i;

/** https://docs.gitlab.com/api/notes/#merge-requests */
const gitlab: Dialect = {
  read: (request) => {
    const url = new URL(request.url);
    const [, number, id] = NOTES.exec(url.pathname) ?? [];
    if (request.method === 'GET' && url.pathname === '/api/v4/user') return { kind: 'user' };
    if (request.method === 'GET' && id === undefined) return { kind: 'list', number: Number(number), page: pageOf(url) };
    if (request.method === 'POST' && id === undefined) return { kind: 'create', number: Number(number), body: sentText(request) };
    if (request.method === 'PUT') return { kind: 'update', id: Number(id), body: sentText(request) };
    return undefined;
  },
  tokenOf: (request) => credentialOf(request, 'private-token'),
  user: (login) => ({ id: 1, username: login, name: 'Somebody' }),
  comment: ({ id, author, body }) => ({ id, body, system: false, author: { id: 1, username: author } }),
  next: (_request, page) => ({ 'x-next-page': String(page) }),
  locked: () => toResponse(403, { message: '403 Forbidden' }),
};

testComments({
  definition,
  dialect: gitlab,
  address: 'https://gitlab.example.com/org/repo',
  sameAddress: 'git@gitlab.example.com:Org/Repo.git',
  markerPrefix: 'flux-mr-comment-key',
  greeting: ['user'],
  // GitLab does not say that it is the lock.
  locked: { kind: 'deferred', message: 'could not create the comment: answered 403: 403 Forbidden' },
});

const INPUT = toRenderInput({
  spec: { address: 'https://gitlab.example.com/a/b/web.site' },
  secret: { token: 'gl-token' },
  event: exampleEvent({ metadata: Object.assign(Object.create(null), { change_request: '7' }) }),
});

const LIMITED = toResponse(429, '', { 'ratelimit-remaining': '0', 'retry-after': '30' });
const ANSWERS = [
  { name: 'a page in the place of the user', step: 'user', answer: toResponse(200, '<html>'), want: 'retry server' },
  { name: 'no user', step: 'user', answer: toResponse(200, null), want: 'retry server' },
  {
    name: 'a merge request that does not exist',
    step: 'GET',
    answer: toResponse(404, { message: '404 Not found' }),
    want: 'retry not-found',
  },
  { name: 'a list that is none', step: 'GET', answer: toResponse(200, {}), want: 'retry server' },
  { name: 'a renamed project', step: 'GET', answer: toResponse(301, '', { location: 'https://x' }), want: 'rejected bad-request' },
  { name: 'a token without scope', step: 'POST', answer: toResponse(403, { error: 'insufficient_scope' }), want: 'deferred auth' },
  {
    name: 'a text that is refused',
    step: 'POST',
    answer: toResponse(400, { message: { note: ['is bad'] } }),
    want: 'rejected bad-request',
  },
  { name: 'a spent budget', step: 'POST', answer: LIMITED, want: 'deferred rate-limited' },
  { name: 'a failing server', step: 'POST', answer: toResponse(502, ''), want: 'retry server' },
];

for (const { name, step, answer, want } of ANSWERS) {
  test(`GitLab answers with ${name}`, async () => {
    const bench = createBench((request) => {
      const isUser = request.url.endsWith('/user');
      if (step === 'user' ? isUser : !isUser && request.method === step) return answer;
      return isUser ? toResponse(200, { username: 'bot' }) : toResponse(200, []);
    });

    const outcome = await sendMergeRequestComment(bench.context, INPUT);

    assert.ok(outcome.kind !== 'delivered');
    assert.equal(`${outcome.kind} ${outcome.reason}`, want);
    assert.match(outcome.message, /^could not (get the user of the token|list the comments|create the comment): /);
  });
}

test('a project of any depth is one part of the path, without dots', async () => {
  const bench = createBench((request) => {
    if (request.method === 'POST') return toResponse(201, { id: 5 });
    return request.url.endsWith('/user') ? toResponse(200, { username: 'bot' }) : toResponse(200, []);
  });

  await sendMergeRequestComment(bench.context, INPUT);

  assert.equal(bench.requests.at(-1)?.url, 'https://gitlab.example.com/api/v4/projects/a%2Fb%2Fweb%2Esite/merge_requests/7/notes');
});
