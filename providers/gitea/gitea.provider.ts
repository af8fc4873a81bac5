// Commit statuses on Gitea, Forgejo and Codeberg. A status that is already there is not posted again: what was posted or read
// is remembered, and the server is asked only where nothing trustworthy is known.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { statusLane } from '../../internal/sdk/git/commit-status.ts';
import { repositoryKey, toRepository } from './repository.ts';
import { MAX_DESCRIPTION_CHARS, sendStatus } from './send-status.ts';

export default defineProvider({
  type: 'gitea',
  title: 'Gitea commit status',
  category: 'git',
  summary: 'Sets the status of the commit that an event is about, on Gitea, Forgejo or Codeberg.',
  link: 'https://docs.gitea.com/api/#tag/repository/operation/repoCreateStatus',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The address of the repository, such as https://codeberg.org/owner/repository.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The address of the repository, when it must not stand in the Provider.'),
    token: z.string().optional().describe('An access token that may write to the repository.'),
    username: z.string().optional().describe('Not used by Gitea; Secrets that were made for Git hold it beside the password.'),
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
  lane: (input) => statusLane(input, { repositoryOf: (address) => repositoryKey(toRepository(address)), hasPending: true }),
  examples: [
    {
      title: 'Commit statuses with an access token',
      spec: { type: 'gitea', address: 'https://codeberg.org/example/fleet', secretRef: { name: 'gitea' } },
      secret: { token: 'gitea-token-placeholder' },
      event: exampleEvent(),
    },
  ],
});
