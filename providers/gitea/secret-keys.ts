// The Secret that every type of Gitea reads.
import { z } from 'zod';

/** `permission` is what the token has to be good for, as the end of a sentence. */
export function toSecretKeys(permission: string) {
  return z.object({
    address: z.string().optional().describe('The address of the repository, when it must not stand in the Provider.'),
    token: z.string().optional().describe(`An access token that may ${permission}.`),
    username: z.string().optional().describe('Not used by Gitea; Secrets that were made for Git hold it beside the password.'),
    password: z.string().optional().describe('The token, when there is no key named token.'),
  });
}
