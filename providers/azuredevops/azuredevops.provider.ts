// Commit statuses on Azure DevOps. A status that is already there is not posted again: what was posted or read is remembered,
// and Azure DevOps is asked only where nothing trustworthy is known.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { statusLane } from '../../internal/sdk/git/commit-status.ts';
import type { LaneInput } from '../../internal/sdk/provider.ts';
import { checkRepository } from './check.ts';
import { PREVIEWED_LOCATION } from './client.ts';
import { repositoryKey, toRepository } from './repository.ts';
import { genreOf, MAX_TEXT_CHARS, sendStatus } from './send-status.ts';
import { tokenOf } from './token.ts';

export default defineProvider({
  type: 'azuredevops',
  title: 'Azure DevOps commit status',
  category: 'git',
  summary: 'Sets the status of the commit that an event is about, in a repository of Azure DevOps.',
  link: 'https://learn.microsoft.com/rest/api/azure/devops/git/statuses/create',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z
      .string()
      .optional()
      .describe('The address of the repository, such as https://dev.azure.com/organisation/project/_git/repository.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The address of the repository, when it must not stand in the Provider.'),
    token: z.string().optional().describe('A personal access token with the scope Code (Status); without one, workload identity is used.'),
    username: z.string().optional().describe('Not used; Secrets that were made for Git hold it beside the password.'),
    password: z.string().optional().describe('Not used; the token stands under its own key.'),
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
  previewAnswer: ({ method }) => ({ value: method === 'OPTIONS' ? [PREVIEWED_LOCATION] : [] }),
  check: async (context, config) => await checkRepository(context, config, await tokenOf(context, config.token)),
  lane: (input) => laneOf(input),
  examples: [
    {
      title: 'Commit statuses with a personal access token',
      spec: { type: 'azuredevops', address: 'https://dev.azure.com/example/platform/_git/fleet', secretRef: { name: 'azuredevops' } },
      secret: { token: 'personal-access-token-placeholder' },
      event: exampleEvent(),
    },
    {
      title: 'Commit statuses with workload identity',
      spec: { type: 'azuredevops', address: 'https://dev.azure.com/example/platform/_git/fleet', serviceAccountName: 'flux-statuses' },
      event: exampleEvent({ severity: 'error', reason: 'HealthCheckFailed', message: 'timeout waiting for Deployment/apps/webapp' }),
    },
  ],
});

/** Two genres of one name are two statuses. */
function laneOf(input: LaneInput): readonly string[] | undefined {
  const lane = statusLane(input, { repositoryOf: (address) => repositoryKey(toRepository(address)) });
  return lane === undefined ? undefined : [...lane, genreOf(input.event, input.isWholeCommit === true)];
}
