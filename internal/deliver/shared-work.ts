// Work that deliveries have in common, such as reading the statuses of a commit that sixty of them are about: done once for
// all that ask at about the same time. In memory and for seconds only: what is worth knowing longer is remembered by a settle.
import type { Clock } from '../sdk/ports.ts';

/** Longer than it takes until a settle has stored what the first one learnt. */
export const KEPT_MS = 10_000;

export interface SharedWork {
  /** The answer of work that is under way or done; a failure is told to those who wait for it and then forgotten. */
  share<Value>(key: string, work: () => Promise<Value>): Promise<Value>;
}

/** An empty registry of work. */
export function createSharedWork(clock: Pick<Clock, 'schedule'>): SharedWork {
  const answers = new Map<string, Promise<unknown>>();
  const forget = (key: string): void => void answers.delete(key);
  return {
    async share<Value>(key: string, work: () => Promise<Value>): Promise<Value> {
      const known = answers.get(key);
      // One key stands for one kind of work, so that its answer has the type that is asked for.
      if (known !== undefined) return (await known) as Value;
      const answer = work();
      answers.set(key, answer);
      try {
        await answer;
        clock.schedule(KEPT_MS, () => forget(key));
      } catch {
        forget(key);
      }
      return await answer;
    },
  };
}
