// With what Azure DevOps is asked: the token of the Secret, or one by workload identity.
import type { SendContext } from '../../internal/sdk/provider.ts';

/** The id of Azure DevOps among the applications of Microsoft Entra. */
const ENTRA_SCOPE = '499b84ac-1321-427f-aa17-267ca6975798/.default';

/** The token to send. */
export async function tokenOf(context: SendContext, configured: string): Promise<string> {
  return configured === '' ? await context.identity({ cloud: 'azure', scopes: [ENTRA_SCOPE] }) : configured;
}
