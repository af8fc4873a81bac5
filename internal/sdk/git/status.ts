// The words of a commit status, equal to Flux's so that a status is recognised whoever wrote it.
import { lowerGo } from '../../event/go-text.ts';

/** `Progressing` says that something goes on, which is no verdict on a commit. */
export function isProgress(reason: string): boolean {
  return reason === 'Progressing';
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
