import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { credentialOf, type Dialect, linkHeader, pageOf, sentText } from '../../test/support/comment-forge.ts';
import { testComments } from '../../test/support/comment-suite.ts';
import { createBench, toRenderInput, toResponse } from '../../test/support/provider-run.ts';
import definition from './giteapullrequestcomment.provider.ts';
import { sendPullRequestComment } from './send-comment.ts';

const ISSUES = /^\/api\/v1\/repos\/org\/\w+\/issues/;

/** https://docs.gitea.com/api/#tag/issue */
const gitea: Dialect = {
  read: (request) => {
    const url = new URL(request.url);
    const rest = url.pathname.replace(ISSUES, '');
    const number = Number(/^\/(\d+)\/comments$/.exec(rest)?.[1]);
    const id = Number(/^\/comments\/(\d+)$/.exec(rest)?.[1]);
    if (request.method === 'GET' && url.pathname === '/api/v1/version') return { kind: 'version' };
    if (request.method === 'GET' && url.pathname === '/api/v1/user') return { kind: 'user' };
    if (request.method === 'GET' && number > 0) return { kind: 'list', number, page: pageOf(url) };
    if (request.method === 'POST' && number > 0) return { kind: 'create', number, body: sentText(request) };
    if (request.method === 'PATCH' && id > 0) return { kind: 'update', id, body: sentText(request) };
    return undefined;
  },
  tokenOf: (request) => credentialOf(request, 'authorization'),
  user: (login) => ({ id: 1, login, username: login }),
  comment: ({ id, author, body }) => ({ id, body, user: { id: 1, login: author } }),
  next: linkHeader,
  locked: () => toResponse(403, { message: 'You cannot comment on a locked issue.', url: 'https://gitea.example.com/api/swagger' }),
};

testComments({
  definition,
  dialect: gitea,
  address: 'https://gitea.example.com/org/repo',
  sameAddress: 'git@gitea.example.com:Org/Repo.git',
  markerPrefix: 'flux-pr-comment-key',
  greeting: ['version', 'user'],
  locked: { kind: 'rejected', message: 'could not create the comment: the conversation is locked' },
});

const INPUT = toRenderInput({
  spec: { address: 'https://codeberg.org/org/repo' },
  secret: { token: 'tea-token' },
  event: exampleEvent({ metadata: Object.assign(Object.create(null), { change_request: '7' }) }),
});

const ANSWERS = [
  { name: 'a page in the place of the version', step: 'version', answer: toResponse(200, '<html>'), want: 'retry server' },
  { name: 'a page in the place of the user', step: 'user', answer: toResponse(200, '<html>'), want: 'retry server' },
  { name: 'a user without a login', step: 'user', answer: toResponse(200, { id: 1 }), want: 'retry server' },
  { name: 'a pull request that does not exist', step: 'GET', answer: toResponse(404, { message: 'Not Found' }), want: 'retry not-found' },
  { name: 'a list that is none', step: 'GET', answer: toResponse(200, {}), want: 'retry server' },
  { name: 'a renamed repository', step: 'GET', answer: toResponse(301, '', { location: 'https://x' }), want: 'rejected bad-request' },
  { name: 'a token that may not', step: 'POST', answer: toResponse(403, { message: 'token does not have scope' }), want: 'deferred auth' },
  { name: 'a text that is refused', step: 'POST', answer: toResponse(422, { message: 'Invalid' }), want: 'rejected bad-request' },
  { name: 'a page in the place of the comment', step: 'POST', answer: toResponse(200, '<html>'), want: 'retry server' },
  { name: 'an archived repository', step: 'POST', answer: toResponse(423, { message: 'Locked' }), want: 'rejected bad-request' },
  { name: 'a failing server', step: 'POST', answer: toResponse(502, ''), want: 'retry server' },
];

for (const { name, step, answer, want } of ANSWERS) {
  test(`Gitea answers with ${name}`, async () => {
    const bench = createBench((request) => {
      const last = new URL(request.url).pathname.split('/').at(-1);
      const isMet = step === last || (last === 'comments' && step === request.method);
      if (isMet) return answer;
      if (last === 'version') return toResponse(200, { version: '9.0.3+gitea-1.22.0' });
      return last === 'user' ? toResponse(200, { login: 'bot' }) : toResponse(200, []);
    });

    const outcome = await sendPullRequestComment(bench.context, INPUT);

    assert.ok(outcome.kind !== 'delivered');
    assert.equal(`${outcome.kind} ${outcome.reason}`, want);
    assert.match(outcome.message, /^could not (get the user of the token|list the comments|create the comment): /);
  });
}

test('a page in the place of an updated comment says that nothing was updated', async () => {
  const marker = '<!-- flux-pr-comment-key:0c9c2e41-d2f9-4f9b-9c41-bebc1984d67a/Kustomization/apps/webapp -->';
  const bench = createBench((request) => {
    if (request.url.endsWith('/version')) return toResponse(200, { version: '1.22.3' });
    if (request.url.endsWith('/user')) return toResponse(200, { login: 'bot' });
    return request.method === 'GET' ? toResponse(200, [{ id: 5, body: marker, user: { login: 'bot' } }]) : toResponse(200, '<html>');
  });

  const outcome = await sendPullRequestComment(bench.context, INPUT);

  assert.equal(bench.requests.at(-1)?.method, 'PATCH');
  assert.ok(outcome.kind === 'retry' && outcome.message.startsWith('could not update the comment: '));
});

test('a server that answers with everything at once is asked once, whatever page is asked for', async () => {
  const bench = createBench((request) => {
    if (request.url.endsWith('/version')) return toResponse(200, { version: '1.22.3' });
    if (request.url.endsWith('/user')) return toResponse(200, { login: 'bot' });
    const all = Array.from({ length: 150 }, (_, index) => ({ id: index + 1, body: 'x', user: { login: 'bot' } }));
    return request.method === 'GET' ? toResponse(200, all) : toResponse(201, { id: 200 });
  });

  const outcome = await sendPullRequestComment(bench.context, INPUT);

  assert.ok(outcome.kind === 'delivered' && outcome.ref === '200');
  assert.equal(bench.requests.length, 4);
});
