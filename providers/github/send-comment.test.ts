import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { credentialOf, type Dialect, linkHeader, pageOf, sentText } from '../../test/support/comment-forge.ts';
import { testComments } from '../../test/support/comment-suite.ts';
import { createBench, toRenderInput, toResponse } from '../../test/support/provider-run.ts';
import definition from './githubpullrequestcomment.provider.ts';
import { sendPullRequestComment } from './send-comment.ts';

const ISSUES = /^\/api\/v3\/repos\/org\/\w+\/issues/;

/** https://docs.github.com/rest/issues/comments */
const github: Dialect = {
  read: (request) => {
    const url = new URL(request.url);
    const rest = url.pathname.replace(ISSUES, '');
    const number = Number(/^\/(\d+)\/comments$/.exec(rest)?.[1]);
    const id = Number(/^\/comments\/(\d+)$/.exec(rest)?.[1]);
    if (request.method === 'GET' && url.pathname === '/api/v3/user') return { kind: 'user' };
    if (request.method === 'GET' && number > 0) return { kind: 'list', number, page: pageOf(url) };
    if (request.method === 'POST' && number > 0) return { kind: 'create', number, body: sentText(request) };
    if (request.method === 'PATCH' && id > 0) return { kind: 'update', id, body: sentText(request) };
    return undefined;
  },
  tokenOf: (request) => credentialOf(request, 'authorization'),
  user: (login) => ({ login, id: 1 }),
  comment: ({ id, author, body }) => ({ id, body, user: { login: author, id: 1 } }),
  next: linkHeader,
  locked: () => toResponse(403, { message: 'Unable to create comment because issue is locked.' }),
};

testComments({
  definition,
  dialect: github,
  address: 'https://ghe.example.com/org/repo',
  sameAddress: 'git@ghe.example.com:Org/Repo.git',
  markerPrefix: 'flux-pr-comment-key',
  greeting: ['user'],
  locked: { kind: 'rejected', message: 'could not create the comment: the conversation is locked' },
});

const INPUT = toRenderInput({
  spec: { address: 'https://github.com/org/repo' },
  secret: { token: 'gh-token' },
  event: exampleEvent({ metadata: Object.assign(Object.create(null), { change_request: '7' }) }),
});

const LIMITED = toResponse(403, { message: 'You have exceeded a secondary rate limit.' });
const ANSWERS = [
  { name: 'a page in the place of the user', step: 'user', answer: toResponse(200, '<html>'), want: 'retry server' },
  { name: 'an unknown user', step: 'user', answer: toResponse(404, { message: 'Not Found' }), want: 'retry not-found' },
  { name: 'a pull request that does not exist', step: 'GET', answer: toResponse(404, { message: 'Not Found' }), want: 'retry not-found' },
  { name: 'a list that is none', step: 'GET', answer: toResponse(200, {}), want: 'retry server' },
  { name: 'a renamed repository', step: 'GET', answer: toResponse(301, '', { location: 'https://x' }), want: 'rejected bad-request' },
  { name: 'issues that are switched off', step: 'POST', answer: toResponse(410, { message: 'Gone' }), want: 'rejected bad-request' },
  { name: 'a text that is refused', step: 'POST', answer: toResponse(422, { message: 'Validation Failed' }), want: 'rejected bad-request' },
  { name: 'a token that may not', step: 'POST', answer: toResponse(403, { message: 'Resource not accessible' }), want: 'deferred auth' },
  { name: 'a secondary limit', step: 'POST', answer: LIMITED, want: 'deferred rate-limited' },
  { name: 'a page in the place of the comment', step: 'POST', answer: toResponse(200, '<html>'), want: 'retry server' },
  { name: 'a failing server', step: 'POST', answer: toResponse(502, ''), want: 'retry server' },
];

for (const { name, step, answer, want } of ANSWERS) {
  test(`GitHub answers with ${name}`, async () => {
    const bench = createBench((request) => {
      const isUser = request.url.endsWith('/user');
      if (step === 'user' ? isUser : !isUser && request.method === step) return answer;
      return isUser ? toResponse(200, { login: 'bot' }) : toResponse(200, []);
    });

    const outcome = await sendPullRequestComment(bench.context, INPUT);

    assert.ok(outcome.kind !== 'delivered');
    assert.equal(`${outcome.kind} ${outcome.reason}`, want);
    assert.match(outcome.message, /^could not (get the user of the token|list the comments|create the comment): /);
  });
}

test('an App is asked for its name, and comments as its bot', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const secret = {
    githubAppID: '12345',
    githubAppInstallationID: '678',
    githubAppPrivateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
  const marker = '<!-- flux-pr-comment-key:0c9c2e41-d2f9-4f9b-9c41-bebc1984d67a/Kustomization/apps/webapp -->';
  const bench = createBench((request) => {
    if (request.url.endsWith('/app')) return toResponse(200, { slug: 'tocsin' });
    if (request.url.endsWith('/access_tokens')) return toResponse(201, { token: 'ghs_installation' });
    return toResponse(200, [{ id: 5, body: marker, user: { login: 'tocsin[bot]' } }]);
  });
  const input = { ...INPUT, config: { ...INPUT.config, token: '', secret } };

  await sendPullRequestComment(bench.context, input);

  assert.deepEqual(
    bench.requests.map(({ method, url }) => `${method} ${new URL(url).pathname}`),
    [
      'GET /app',
      'POST /app/installations/678/access_tokens',
      'GET /repos/org/repo/issues/7/comments',
      'PATCH /repos/org/repo/issues/comments/5',
    ],
  );
  assert.equal(new Headers(bench.requests.at(-1)?.headers.map(([key, value]) => [key, value])).get('content-type'), 'application/json');
});
