// Commit statuses on GitLab. A status that is already there is not posted again: what was posted or read is remembered, and
// GitLab is asked only where nothing trustworthy is known.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { statusLane } from '../../internal/sdk/git/commit-status.ts';
import { projectKey, toProject } from './project.ts';
import { MAX_DESCRIPTION_CHARS, sendStatus } from './send-status.ts';

export default defineProvider({
  type: 'gitlab',
  title: 'GitLab commit status',
  category: 'git',
  summary: 'Sets the status of the commit that an event is about, on gitlab.com or a GitLab of your own.',
  link: 'https://docs.gitlab.com/api/commits/#set-commit-pipeline-status',
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
    accepts: ['commit-status'],
    commitStatusUpdates: true,
    idempotency: 'natural',
    backlog: 'latest',
    tlsFromSecret: true,
    passwordAsToken: true,
    limits: { bodyChars: MAX_DESCRIPTION_CHARS },
    concurrency: 4,
  },
  send: sendStatus,
  lane: (input) => statusLane(input, { repositoryOf: (address) => projectKey(toProject(address)), hasPending: false }),
  examples: [
    {
      title: 'Commit statuses with an access token',
      spec: { type: 'gitlab', address: 'https://gitlab.com/example/fleet', secretRef: { name: 'gitlab' } },
      secret: { token: 'glpat-placeholder' },
      event: exampleEvent(),
    },
  ],
});
