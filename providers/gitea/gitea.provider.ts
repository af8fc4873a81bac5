// Commit statuses on Gitea, Forgejo and Codeberg. A status that is already there is not posted again: what was posted or read
// is remembered, and the server is asked only where nothing trustworthy is known.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { statusLane } from '../../internal/sdk/git/commit-status.ts';
import { PREVIEWED_VERSION } from './api.ts';
import { checkRepository } from './check.ts';
import { repositoryKey, toRepository } from './repository.ts';
import { toSecretKeys } from './secret-keys.ts';
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
  secret: toSecretKeys('write to the repository'),
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
  previewAnswer: ({ url }) => (url.endsWith('/version') ? PREVIEWED_VERSION : undefined),
  check: (context, config) => checkRepository(context, config, 'statuses'),
  lane: (input) => statusLane(input, { repositoryOf: (address) => repositoryKey(toRepository(address)), showsProgress: true }),
  examples: [
    {
      title: 'Commit statuses with an access token',
      spec: { type: 'gitea', address: 'https://codeberg.org/example/fleet', secretRef: { name: 'gitea' } },
      secret: { token: 'gitea-token-placeholder' },
      event: exampleEvent(),
    },
  ],
});
