// Commit statuses on Bitbucket Data Center and Server. A status that is already there is not posted again: what was posted or
// read is remembered, and Bitbucket is asked only where nothing trustworthy is known.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { statusLane } from '../../internal/sdk/git/commit-status.ts';
import { checkRepository } from './check.ts';
import { toHeaders, withUser } from './credentials.ts';
import { repositoryKey, toRepository } from './repository.ts';
import { MAX_TEXT_CHARS, sendStatus } from './send-status.ts';

export default defineProvider({
  type: 'bitbucketserver',
  title: 'Bitbucket Data Center commit status',
  category: 'git',
  summary: 'Sets the build status of the commit that an event is about, on Bitbucket Data Center or Server.',
  link: 'https://developer.atlassian.com/server/bitbucket/rest/latest/api-group-builds-and-deployments/',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z
      .string()
      .optional()
      .describe('The address to clone from over HTTP, such as https://bitbucket.example.com/scm/project/repository.git.'),
    username: z.string().optional().describe('The user to whom the password belongs, when the Secret does not name one.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The address to clone from, when it must not stand in the Provider.'),
    token: z.string().optional().describe('An HTTP access token that may read the repository.'),
    username: z.string().optional().describe('A user that may read the repository, when there is no token.'),
    password: z.string().optional().describe('The password of the user.'),
  }),
  capabilities: {
    accepts: ['commit-status'],
    commitStatusUpdates: true,
    idempotency: 'natural',
    backlog: 'latest',
    tlsFromSecret: true,
    limits: { bodyChars: MAX_TEXT_CHARS },
    concurrency: 4,
  },
  send: sendStatus,
  previewAnswer: () => ({}),
  check: async (context, config) =>
    await checkRepository(context, { repository: toRepository(config.address), headers: toHeaders(config), config: withUser(config) }),
  lane: (input) => statusLane(input, { repositoryOf: (address) => repositoryKey(toRepository(address)) }),
  examples: [
    {
      title: 'Build statuses with an HTTP access token',
      spec: {
        type: 'bitbucketserver',
        address: 'https://bitbucket.example.com/scm/example/fleet.git',
        secretRef: { name: 'bitbucket' },
      },
      secret: { token: 'http-access-token-placeholder' },
      event: exampleEvent(),
    },
    {
      title: 'Build statuses with a user name and a password',
      spec: {
        type: 'bitbucketserver',
        address: 'https://bitbucket.example.com/scm/example/fleet.git',
        secretRef: { name: 'bitbucket-user' },
      },
      secret: { username: 'tocsin', password: 'password-placeholder' },
      event: exampleEvent({ severity: 'error', reason: 'HealthCheckFailed', message: 'timeout waiting for Deployment/apps/webapp' }),
    },
  ],
});
