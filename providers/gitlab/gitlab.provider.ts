// Commit statuses on GitLab. A status that is already there is not posted again: what was posted or read is remembered, and
// GitLab is asked only where nothing trustworthy is known.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { statusLane } from '../../internal/sdk/git/commit-status.ts';
import { checkProject } from './check.ts';
import { projectKey, toProject } from './project.ts';
import { secretKeys } from './secret-keys.ts';
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
  secret: secretKeys,
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
  check: (context, config) => checkProject(context, config, 'statuses'),
  lane: (input) => statusLane(input, { repositoryOf: (address) => projectKey(toProject(address)) }),
  examples: [
    {
      title: 'Commit statuses with an access token',
      spec: { type: 'gitlab', address: 'https://gitlab.com/example/fleet', secretRef: { name: 'gitlab' } },
      secret: { token: 'glpat-placeholder' },
      event: exampleEvent(),
    },
  ],
});
