// Commit statuses on GitHub and GitHub Enterprise. A status that is already there is not posted again: what was posted or
// read is remembered, and GitHub is asked only where nothing trustworthy is known.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { statusLane } from '../../internal/sdk/git/commit-status.ts';
import { checkRepository } from './check.ts';
import { repositoryId, toRepository } from './repository.ts';
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
  secret: z.object({
    address: z.string().optional().describe('The address of the repository, when it must not stand in the Provider.'),
    token: z.string().optional().describe('A personal access token that may write commit statuses.'),
    username: z.string().optional().describe('Not used by GitHub; Secrets that were made for Git hold it beside the password.'),
    password: z.string().optional().describe('The token, when there is no key named token.'),
    githubAppID: z.string().optional().describe('The id of a GitHub App, to be used instead of a token.'),
    githubAppPrivateKey: z.string().optional().describe('The private key of the App, as PEM.'),
    githubAppInstallationID: z.string().optional().describe('The id of the installation of the App.'),
    githubAppInstallationOwner: z.string().optional().describe('The organisation or user of the installation, when its id is not given.'),
    githubAppBaseURL: z.string().optional().describe('The API of GitHub Enterprise for the App, such as https://ghe.example.com/api/v3.'),
  }),
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
  check: checkRepository,
  lane: (input) => statusLane(input, { repositoryOf: keyOf, hasPending: false }),
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

function keyOf(address: string): readonly string[] {
  const repository = toRepository(address);
  return [repository.apiBase, repositoryId(repository)];
}
