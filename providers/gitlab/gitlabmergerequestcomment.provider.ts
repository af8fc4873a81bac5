// One comment per object on the merge request that an event is about, on GitLab: written once, then updated in place. Its id is
// remembered, and the conversation is searched only where nothing trustworthy is known.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { commentLane } from '../../internal/sdk/git/comment.ts';
import { checkProject } from './check.ts';
import { projectKey, toProject } from './project.ts';
import { secretKeys } from './secret-keys.ts';
import { MARKER_PREFIX, MAX_BODY_CHARS, sendMergeRequestComment } from './send-comment.ts';

export default defineProvider({
  type: 'gitlabmergerequestcomment',
  title: 'GitLab merge request comment',
  category: 'git',
  summary: 'Keeps a comment about an object on the merge request that its events name, on gitlab.com or a GitLab of your own.',
  link: 'https://docs.gitlab.com/api/notes/#merge-requests',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The address of the project, such as https://gitlab.com/group/project, of any depth.'),
  }),
  secret: secretKeys,
  capabilities: {
    accepts: ['change-request'],
    idempotency: 'natural',
    backlog: 'latest',
    passwordAsToken: true,
    limits: { bodyChars: MAX_BODY_CHARS },
    concurrency: 4,
  },
  send: sendMergeRequestComment,
  previewAnswer: ({ url }) => (url.endsWith('/user') ? { username: 'you' } : undefined),
  check: (context, config) => checkProject(context, config, 'comments'),
  lane: (input) => commentLane(input, { markerPrefix: MARKER_PREFIX, repositoryOf: (address) => projectKey(toProject(address)) }),
  examples: [
    {
      title: 'Comments with an access token',
      spec: { type: 'gitlabmergerequestcomment', address: 'https://gitlab.com/example/fleet', secretRef: { name: 'gitlab' } },
      secret: { token: 'glpat-placeholder' },
      event: exampleEvent({ metadata: { ...exampleEvent().metadata, change_request: '42' } }),
    },
  ],
});
