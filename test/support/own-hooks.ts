// `npm test` runs all files in one process, where a top-level `beforeEach` of one file would apply to the tests of every other.
import { test as runTest, type TestContext } from 'node:test';

type Hook = () => unknown;

export interface OwnHooks {
  readonly beforeEach: (hook: Hook) => void;
  readonly afterEach: (hook: Hook) => void;
  readonly test: (name: string, run: (context: TestContext) => unknown) => void;
}

/** `test`, `beforeEach` and `afterEach` of one file; the hooks run around its own tests and no others. */
export function ownHooks(): OwnHooks {
  const before: Hook[] = [];
  const after: Hook[] = [];
  return {
    beforeEach: (hook) => void before.push(hook),
    afterEach: (hook) => void after.push(hook),
    test: (name, run) =>
      void runTest(name, async (context) => {
        try {
          for (const hook of before) await hook();
          await run(context);
        } finally {
          for (const hook of after) await hook();
        }
      }),
  };
}
