// Commit statuses on GitHub and GitHub Enterprise. A status that is already there is not posted again: what was posted or
// read is remembered, and GitHub is asked only where nothing trustworthy is known.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { statusLane } from '../../internal/sdk/git/commit-status.ts';
import { checkRepository } from './check.ts';
import { repositoryKey } from './repository.ts';
import { toSecretKeys } from './secret-keys.ts';
import { MAX_DESCRIPTION_CHARS, sendStatus } from './send-status.ts';

export default defineProvider({
  type: 'github',
  title: 'GitHub commit status',
  category: 'git',
  summary: 'Sets the status of the commit that an event is about, on GitHub or GitHub Enterprise.',
  link: 'https://docs.github.com/rest/commits/statuses',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The address of the repository, such as https://github.com/owner/repository.'),
  }),
  secret: toSecretKeys('write commit statuses'),
  capabilities: {
    accepts: ['commit-status'],
    commitStatusUpdates: true,
    idempotency: 'natural',
    backlog: 'latest',
    tlsFromSecret: true,
    passwordAsToken: true,
    limits: { bodyChars: MAX_DESCRIPTION_CHARS },
    // https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api asks for few requests at a time.
    concurrency: 4,
  },
  send: sendStatus,
  previewAnswer: ({ url }) => (url.includes('/check-runs') ? { total_count: 0, check_runs: [] } : undefined),
  check: checkRepository,
  lane: (input) => statusLane(input, { repositoryOf: repositoryKey }),
  examples: [
    {
      title: 'Commit statuses with a personal access token',
      spec: { type: 'github', address: 'https://github.com/example/fleet', secretRef: { name: 'github' } },
      secret: { token: 'github_pat_placeholder' },
      event: exampleEvent(),
    },
    {
      title: 'Commit statuses with a GitHub App',
      spec: { type: 'github', address: 'https://github.com/example/fleet', secretRef: { name: 'github-app' } },
      secret: {
        githubAppID: '12345',
        githubAppInstallationID: '678',
        githubAppPrivateKey: '-----BEGIN RSA PRIVATE KEY-----\nplaceholder\n-----END RSA PRIVATE KEY-----\n',
      },
      event: exampleEvent({ severity: 'error', reason: 'HealthCheckFailed', message: 'timeout waiting for Deployment/apps/webapp' }),
    },
  ],
});
