// The Secret that every type of GitHub reads.
import { z } from 'zod';

/** `permission` is what the token has to be good for, as the end of a sentence. */
export function toSecretKeys(permission: string) {
  return z.object({
    address: z.string().optional().describe('The address of the repository, when it must not stand in the Provider.'),
    token: z.string().optional().describe(`A personal access token that may ${permission}.`),
    username: z.string().optional().describe('Not used by GitHub; Secrets that were made for Git hold it beside the password.'),
    password: z.string().optional().describe('The token, when there is no key named token.'),
    githubAppID: z.string().optional().describe('The id of a GitHub App, to be used instead of a token.'),
    githubAppPrivateKey: z.string().optional().describe('The private key of the App, as PEM.'),
    githubAppInstallationID: z.string().optional().describe('The id of the installation of the App.'),
    githubAppInstallationOwner: z.string().optional().describe('The organisation or user of the installation, when its id is not given.'),
    githubAppBaseURL: z.string().optional().describe('The API of GitHub Enterprise for the App, such as https://ghe.example.com/api/v3.'),
  });
}
