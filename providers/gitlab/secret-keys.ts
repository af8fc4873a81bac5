// The Secret that every type of GitLab reads.
import { z } from 'zod';

export const secretKeys = z.object({
  address: z.string().optional().describe('The address of the project, when it must not stand in the Provider.'),
  token: z.string().optional().describe('A personal, project or group access token with the scope api.'),
  username: z.string().optional().describe('Not used by GitLab; Secrets that were made for Git hold it beside the password.'),
  password: z.string().optional().describe('The token, when there is no key named token.'),
});
