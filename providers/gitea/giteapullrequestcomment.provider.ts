// One comment per object on the pull request that an event is about, on Gitea, Forgejo and Codeberg: written once, then
// updated in place. Its id is remembered, and the conversation is searched only where nothing trustworthy is known.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { commentLane } from '../../internal/sdk/git/comment.ts';
import { PREVIEWED_VERSION } from './api.ts';
import { checkRepository } from './check.ts';
import { repositoryKey, toRepository } from './repository.ts';
import { toSecretKeys } from './secret-keys.ts';
import { MARKER_PREFIX, MAX_BODY_CHARS, sendPullRequestComment } from './send-comment.ts';

export default defineProvider({
  type: 'giteapullrequestcomment',
  title: 'Gitea pull request comment',
  category: 'git',
  summary: 'Keeps a comment about an object on the pull request that its events name, on Gitea, Forgejo or Codeberg.',
  link: 'https://docs.gitea.com/api/#tag/issue/operation/issueCreateComment',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The address of the repository, such as https://codeberg.org/owner/repository.'),
  }),
  secret: toSecretKeys('write issues and read its own user'),
  capabilities: {
    accepts: ['change-request'],
    idempotency: 'natural',
    backlog: 'latest',
    passwordAsToken: true,
    limits: { bodyChars: MAX_BODY_CHARS },
    concurrency: 4,
  },
  send: sendPullRequestComment,
  previewAnswer: ({ url }) => (url.endsWith('/version') ? PREVIEWED_VERSION : url.endsWith('/user') ? { login: 'you' } : undefined),
  check: (context, config) => checkRepository(context, config, 'comments'),
  lane: (input) => commentLane(input, { markerPrefix: MARKER_PREFIX, repositoryOf: (address) => repositoryKey(toRepository(address)) }),
  examples: [
    {
      title: 'Comments with an access token',
      spec: { type: 'giteapullrequestcomment', address: 'https://codeberg.org/example/fleet', secretRef: { name: 'gitea' } },
      secret: { token: 'gitea-token-placeholder' },
      event: exampleEvent({ metadata: { ...exampleEvent().metadata, change_request: '42' } }),
    },
  ],
});
