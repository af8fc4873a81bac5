// One comment per object on the pull request that an event is about, on GitHub and GitHub Enterprise: written once, then
// updated in place. Its id is remembered, and the conversation is searched only where nothing trustworthy is known.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { commentLane } from '../../internal/sdk/git/comment.ts';
import { checkRepository } from './check.ts';
import { repositoryKey } from './repository.ts';
import { toSecretKeys } from './secret-keys.ts';
import { MARKER_PREFIX, MAX_BODY_CHARS, sendPullRequestComment } from './send-comment.ts';

export default defineProvider({
  type: 'githubpullrequestcomment',
  title: 'GitHub pull request comment',
  category: 'git',
  summary: 'Keeps a comment about an object on the pull request that its events name, on GitHub or GitHub Enterprise.',
  link: 'https://docs.github.com/rest/issues/comments',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The address of the repository, such as https://github.com/owner/repository.'),
  }),
  secret: toSecretKeys('write comments on pull requests'),
  capabilities: {
    accepts: ['change-request'],
    idempotency: 'natural',
    backlog: 'latest',
    passwordAsToken: true,
    limits: { bodyChars: MAX_BODY_CHARS },
    // https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api asks for few requests at a time.
    concurrency: 4,
  },
  send: sendPullRequestComment,
  previewAnswer: ({ url }) => (/\/(?:user|app)$/.test(url) ? { login: 'you', slug: 'you' } : undefined),
  check: (context, config) => checkRepository(context, config, 'comments'),
  lane: (input) => commentLane(input, { markerPrefix: MARKER_PREFIX, repositoryOf: repositoryKey }),
  examples: [
    {
      title: 'Comments with a personal access token',
      spec: {
        type: 'githubpullrequestcomment',
        address: 'https://github.com/example/fleet',
        secretRef: { name: 'github' },
      },
      secret: { token: 'github_pat_placeholder' },
      event: exampleEvent({ metadata: { ...exampleEvent().metadata, change_request: '42' } }),
    },
  ],
});
