// A repository dispatch: the event as the payload of a webhook that starts workflows.
import { outcomeOfForgeError } from '../../internal/sdk/git/forge-answer.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { RenderInput, SendContext } from '../../internal/sdk/provider.ts';
import { asked, requireWritten, secondaryLimitMs } from './answer.ts';
import { createClient } from './client.ts';
import { checkCredentials, tokenOf } from './credentials.ts';
import { toDispatch } from './dispatch-body.ts';
import { toRepository } from './repository.ts';

/** Sends the event to the repository's workflows. */
export async function sendDispatch(context: SendContext, { config, event }: RenderInput): Promise<Outcome> {
  const { apiBase, owner, name } = toRepository(config.address);
  checkCredentials(config);
  const progress = { doing: 'could not get a token' };
  try {
    const client = createClient(context, apiBase, await tokenOf(context, config));
    progress.doing = 'could not send the repository dispatch';
    // A body of its own, because the client would merge what stands in the payload and drop keys of metadata.
    const body = { owner, repo: name, data: toDispatch(event) };
    requireWritten(await asked(() => client.request('POST /repos/{owner}/{repo}/dispatches', { ...body, event_type: '' })));
    return { kind: 'delivered' };
  } catch (error) {
    return outcomeOfForgeError(error, {
      what: progress.doing,
      config,
      nowMs: context.clock.nowMs(),
      limitedMs: secondaryLimitMs,
    });
  }
}
