// Reading all statuses of a commit, as seldom as can be: contexts that ask at about the same time share one reading, and a
// forge that can tell that nothing has changed since the last one is asked for no more than that.
import type { Fact } from '../outcome.ts';
import type { SendContext } from '../provider.ts';
import { commitFacts, recallCommit } from './status-memory.ts';

/** The commit whose statuses are asked for. */
export interface Commit {
  /** Under which it is remembered. */
  readonly scope: string;
  /** A try of this context may have changed its status, so that what was read before says nothing of it. */
  readonly isDoubtful: boolean;
}

/** What one reading of a commit brought to light. */
export interface CommitStatuses {
  /** From contexts to values. */
  readonly all: ReadonlyMap<string, string>;
  /** By which the forge tells whether this reading still holds; empty where it has no such thing. */
  readonly etag: string;
}

/** `read` is given the last reading where the forge can be asked whether that still holds, and may return it. */
export async function readCommit(
  context: SendContext,
  commit: Commit,
  read: (last: CommitStatuses | undefined) => Promise<CommitStatuses>,
): Promise<{ readonly all: ReadonlyMap<string, string>; readonly remember: readonly Fact[] }> {
  const remember: Fact[] = [];
  const work = async (): Promise<CommitStatuses['all']> => {
    const statuses = await read(await recallCommit(context, commit.scope));
    // Only who has read remembers: the others would write the same sixty times.
    remember.push(...commitFacts(commit.scope, statuses));
    return statuses.all;
  };
  const all = commit.isDoubtful ? await work() : await context.shared(`statuses ${commit.scope}`, work);
  return { all, remember };
}
