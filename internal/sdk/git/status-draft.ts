// What a delivery is to say of a commit: of one object by its event, of all objects by what they said last, or of a commit
// that a newer one has overtaken.
import type { RenderInput } from '../provider.ts';
import { cutChars } from '../text/cut.ts';
import { wantsPending } from './annotations.ts';
import { countObjects, describeCount, verdictOfCount } from './commit-count.ts';
import type { CommitStatus, StatusForge } from './commit-status.ts';
import { commitHash, findRevision, shortHash } from './revision.ts';
import { statusDescription, type Verdict, verdictOf } from './status.ts';

/** As much of a broken revision as a message shows. */
const MAX_SHOWN_CHARS = 100;

/** What a forge is told, or why an event says nothing about a commit. */
export function draftStatus(forge: StatusForge, input: RenderInput): CommitStatus | { readonly fault: string } {
  const said = sayAll(forge, input) ?? sayClosed(input) ?? sayEvent(forge, input);
  if ('fault' in said) return said;
  const { sha, verdict, description } = said;
  return {
    sha,
    // A context is never cut: two that differ at their end would become one.
    context: input.statusId ?? '',
    state: forge.states[verdict],
    description: cutChars(description, forge.maxDescriptionChars),
    url: input.targetUrl ?? '',
  };
}

/** True for a status that speaks for all objects of a commit. */
export function isWholeCommit({ tally }: RenderInput): boolean {
  return tally?.words !== undefined;
}

interface Said {
  readonly sha: string;
  readonly verdict: Verdict;
  readonly description: string;
}

function sayAll({ maxDescriptionChars }: StatusForge, { tally }: RenderInput): Said | undefined {
  if (tally?.words === undefined) return undefined;
  const count = countObjects(tally.words);
  return { sha: tally.revision, verdict: verdictOfCount(count), description: describeCount(count, maxDescriptionChars) };
}

/** Red would be untrue, and the greys of the forges block where a status is required. */
function sayClosed({ tally }: RenderInput): Said | undefined {
  if (tally?.closedBy === undefined) return undefined;
  return { sha: tally.revision, verdict: 'success', description: `superseded by ${shortHash(tally.closedBy)}` };
}

function sayEvent({ name }: StatusForge, { config, event }: RenderInput): Said | { readonly fault: string } {
  const revision = findRevision(event.metadata);
  if (revision === undefined) return { fault: 'missing revision metadata' };
  const sha = commitHash(revision);
  if (sha === undefined) return { fault: `failed to extract commit hash from '${cutChars(revision, MAX_SHOWN_CHARS)}' revision` };
  const verdict = verdictOf(event, wantsPending(config.annotations));
  if (verdict === undefined) return { fault: `can't convert to ${name} state` };
  return { sha, verdict, description: statusDescription(event.reason) };
}
