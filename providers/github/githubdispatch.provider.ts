// Events as repository dispatches, which start workflows of GitHub Actions.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { checkRepository } from './check.ts';
import { MAX_BODY_BYTES } from './dispatch-body.ts';
import { toSecretKeys } from './secret-keys.ts';
import { sendDispatch } from './send-dispatch.ts';

export default defineProvider({
  type: 'githubdispatch',
  title: 'GitHub repository dispatch',
  category: 'git',
  summary: 'Starts workflows of a repository on GitHub or GitHub Enterprise, with the event as their payload.',
  link: 'https://docs.github.com/rest/repos/repos#create-a-repository-dispatch-event',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The address of the repository, such as https://github.com/owner/repository.'),
  }),
  secret: toSecretKeys('write the contents of the repository'),
  capabilities: {
    accepts: ['event'],
    // A dispatch has no key by which GitHub could tell a repeat.
    idempotency: 'none',
    backlog: 'all',
    passwordAsToken: true,
    limits: { bodyBytes: MAX_BODY_BYTES },
    // https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api asks for few requests at a time.
    concurrency: 4,
  },
  send: sendDispatch,
  check: (context, config) => checkRepository(context, config, 'dispatches'),
  examples: [
    {
      title: 'Workflows started with a personal access token',
      spec: { type: 'githubdispatch', address: 'https://github.com/example/fleet', secretRef: { name: 'github' } },
      secret: { token: 'github_pat_placeholder' },
      event: exampleEvent(),
    },
  ],
});
