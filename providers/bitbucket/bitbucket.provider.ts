// Commit statuses on Bitbucket Cloud. A status that is already there is not posted again: what was posted or read is
// remembered, and Bitbucket is asked only where nothing trustworthy is known.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { statusLane } from '../../internal/sdk/git/commit-status.ts';
import { toAccess, withHalves } from './access.ts';
import { checkRepository } from './check.ts';
import { repositoryKey, toRepository } from './repository.ts';
import { MAX_TEXT_CHARS, sendStatus } from './send-status.ts';

export default defineProvider({
  type: 'bitbucket',
  title: 'Bitbucket Cloud commit status',
  category: 'git',
  summary: 'Sets the build status of the commit that an event is about, on Bitbucket Cloud.',
  link: 'https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commit-statuses/',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The address of the repository, such as https://bitbucket.org/workspace/repository.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The address of the repository, when it must not stand in the Provider.'),
    token: z
      .string()
      .optional()
      .describe('A user name and an app password or API token that may write to the repository, as user:password.'),
    username: z.string().optional().describe('Not used; Secrets that were made for Git hold it beside the password.'),
    password: z.string().optional().describe('Not used; the user name and the password stand together in the token.'),
  }),
  capabilities: {
    accepts: ['commit-status'],
    commitStatusUpdates: true,
    idempotency: 'natural',
    backlog: 'latest',
    tlsFromSecret: true,
    environment: ['BITBUCKET_API_BASE_URL'],
    limits: { bodyChars: MAX_TEXT_CHARS },
    concurrency: 4,
  },
  send: sendStatus,
  previewAnswer: () => ({}),
  check: async (context, config) => await checkRepository(context, { ...toAccess(context, config), config: withHalves(config) }),
  lane: (input) => statusLane(input, { repositoryOf: (address) => repositoryKey(toRepository(address)) }),
  examples: [
    {
      title: 'Build statuses with an app password',
      spec: { type: 'bitbucket', address: 'https://bitbucket.org/example/fleet', secretRef: { name: 'bitbucket' } },
      secret: { token: 'user:app-password-placeholder' },
      event: exampleEvent(),
    },
  ],
});
