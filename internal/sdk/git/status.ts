// The words of a commit status, equal to Flux's so that a status is recognised whoever wrote it.
import { lowerGo } from '../../event/go-text.ts';

/** `Progressing` says that something goes on, which is no verdict on a commit. */
export function isProgress(reason: string): boolean {
  return reason === 'Progressing';
}

/** Flux reports these with severity `info` although nothing is known yet: something is done, waited for or tried again. */
const UNFINISHED_REASON = /^Progressing|NotReady$/;

/** What an event says of its commit; undefined for a severity that Flux's statuses do not know. */
export type Verdict = 'success' | 'failure' | 'pending';

/** `isPatient`: work that goes on is no success, whatever Flux makes of it. */
export function verdictOf(event: { readonly reason: string; readonly severity: string }, isPatient: boolean): Verdict | undefined {
  if (isProgress(event.reason)) return 'pending';
  if (event.severity === 'info') return isPatient && UNFINISHED_REASON.test(event.reason) ? 'pending' : 'success';
  return event.severity === 'error' ? 'failure' : undefined;
}

/** `ApplySucceeded` becomes `apply succeeded`. */
export function statusDescription(reason: string): string {
  return lowerGo(splitWords(reason).join(' '));
}

/** `kustomization/webapp`: whose status it is, on forges that show a name beside the context. */
export function statusName({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return lowerGo(`${kind}/${name}`);
}

/** Runs of upper case, lower case, digits and everything else; an upper run gives its last letter to the lower run behind it. */
function splitWords(text: string): string[] {
  const runs = text.match(/\p{Ll}+|\p{Lu}+|\p{Nd}+|[^\p{Ll}\p{Lu}\p{Nd}]+/gu) ?? [];
  for (let i = 0; i + 1 < runs.length; i += 1) {
    const run = runs[i] ?? '';
    const next = runs[i + 1] ?? '';
    if (!/^\p{Lu}/u.test(run) || !/^\p{Ll}/u.test(next)) continue;
    const letters = Array.from(run);
    const last = letters.pop() ?? '';
    runs[i] = letters.join('');
    runs[i + 1] = last + next;
  }
  return runs.filter((run) => run !== '');
}
