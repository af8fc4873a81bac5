// The statuses that one event sets: of its object, of the whole commit, or both.
import { statusId } from '../enrich/commit-status.ts';
import { targetUrl } from '../enrich/target-url.ts';
import type { ManifestObject, Target } from '../routing/route.ts';
import { aggregationOf } from '../sdk/git/annotations.ts';
import { toCommitWord } from '../sdk/git/commit-word.ts';
import type { RenderInput } from '../sdk/provider.ts';

/** Said with a preview that counts nothing but its own event. */
export const COUNT_NOTE = 'the whole commit is shown as if this event were the only one about it';

/** What is rendered for a type that sets statuses, or what a person must mend. */
export function toStatusInputs(
  input: RenderInput,
  target: Target,
  alert: ManifestObject | undefined,
): readonly RenderInput[] | { readonly error: string } {
  const object = alert ?? target.object;
  const link = targetUrl(target, object, input.event) ?? { url: '' };
  if ('error' in link) return link;
  const linked = { ...input, ...(link.url === '' ? {} : { targetUrl: link.url }) };
  const aggregation = aggregationOf(target.annotations);
  const whole = aggregation === 'off' || alert === undefined ? undefined : toWhole(linked);
  if (whole !== undefined && aggregation === 'only') return [whole];
  const id = statusId(target, object, input.event);
  if ('error' in id) return id;
  const own = { ...linked, statusId: id.id };
  return whole === undefined ? [own] : [own, whole];
}

function toWhole(input: RenderInput): RenderInput | undefined {
  const word = toCommitWord(input.event, true);
  if (word === undefined) return undefined;
  const words = [{ member: input.event.involvedObject.name, word: word.text, isOpen: word.verdict === 'pending' }];
  return { ...input, statusId: `flux/${input.alert.name}`, tally: { revision: word.sha, words } };
}
