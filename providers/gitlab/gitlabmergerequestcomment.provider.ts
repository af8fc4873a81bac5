// One comment per object on the merge request that an event is about, on GitLab: written once, then updated in place. Its id is
// remembered, and the conversation is searched only where nothing trustworthy is known.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { commentLane } from '../../internal/sdk/git/comment.ts';
import { projectKey, toProject } from './project.ts';
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
  secret: z.object({
    address: z.string().optional().describe('The address of the project, when it must not stand in the Provider.'),
    token: z.string().optional().describe('A personal, project or group access token with the scope api.'),
    username: z.string().optional().describe('Not used by GitLab; Secrets that were made for Git hold it beside the password.'),
    password: z.string().optional().describe('The token, when there is no key named token.'),
  }),
  capabilities: {
    accepts: ['change-request'],
    commitStatusUpdates: false,
    idempotency: 'natural',
    backlog: 'latest',
    tlsFromSecret: false,
    passwordAsToken: true,
    limits: { bodyChars: MAX_BODY_CHARS },
    concurrency: 4,
  },
  send: sendMergeRequestComment,
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
