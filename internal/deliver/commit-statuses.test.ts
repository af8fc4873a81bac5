// What people see beside a commit when many objects report on it: decided, stored and delivered for real, on emulated forges.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { WORLD_FORGES, type WorldForge } from '../../test/support/commit-forges.ts';
import { CommitWorld, type Report, TARGET_UID } from '../../test/support/commit-world.ts';

const OLD = '1'.repeat(40);
const NEW = '2'.repeat(40);
const WHOLE = 'flux/fleet';
const BOTH = { 'tocsin.dev/aggregate': 'enabled', 'tocsin.dev/pending-status': 'enabled' };
/** For each forge. */
const RUNS = 6;
const WHOLE_ONLY = { 'tocsin.dev/aggregate': 'only' };

const [GITHUB = assert.fail()] = WORLD_FORGES;

const contextOf = (object: string): string => `kustomization/${object}/${TARGET_UID.split('-')[0]}`;
const progress = (object: string, sha: string): Report => ({ object, sha, reason: 'Progressing' });
const success = (object: string, sha: string): Report => ({ object, sha });
const failure = (object: string, sha: string): Report => ({ object, sha, severity: 'error', reason: 'HealthCheckFailed' });

async function inWorld(forge: WorldForge, annotations: Readonly<Record<string, string>>, act: (world: CommitWorld) => Promise<void>) {
  const world = await CommitWorld.open(forge, annotations);
  try {
    await act(world);
  } finally {
    await world.close();
  }
}

for (const forge of WORLD_FORGES) {
  test(`${forge.type}: one status says how far the commit is, and few calls are made`, async () => {
    await inWorld(forge, WHOLE_ONLY, async (world) => {
      for (let index = 0; index < 40; index += 1) await world.report(progress(`app-${index}`, NEW));
      await world.deliver();
      assert.match(world.shown(NEW, WHOLE) ?? '', /^pending: 0 of 40 ready, 40 in progress: foo-ns\/app-0, .* and \d+ more$/);

      for (let index = 0; index < 37; index += 1) await world.report(success(`app-${index}`, NEW));
      await world.report(failure('app-37', NEW));
      await world.report(failure('app-38', NEW));
      await world.deliver();
      const between = 'pending: 37 of 40 ready, 2 failing: foo-ns/app-37, foo-ns/app-38';
      assert.ok(forge.updatesPending ? world.shown(NEW, WHOLE) === between : world.shown(NEW, WHOLE)?.startsWith('pending: '));

      await world.restart();
      await world.report(success('app-39', NEW));
      await world.deliver();
      assert.equal(world.shown(NEW, WHOLE), 'failure: 38 of 40 ready, 2 failing: foo-ns/app-37, foo-ns/app-38');

      await world.report(success('app-37', NEW));
      await world.report(success('app-38', NEW));
      await world.deliver();
      assert.equal(world.shown(NEW, WHOLE), 'success: 40 of 40 ready');

      assert.equal(world.tableOf(NEW).items.length, forge.updatesPending ? 4 : 3, 'one write for each burst');
      for (let index = 0; index < 40; index += 1) await world.report(success(`app-${index}`, NEW));
      const before = world.requests.length;
      await world.deliver();
      assert.equal(world.requests.length, before, 'nothing new, no call');
    });
  });

  test(`${forge.type}: a commit that a newer one overtakes is not left pending`, async () => {
    await inWorld(forge, BOTH, async (world) => {
      for (const object of ['web', 'db']) await world.report(progress(object, OLD));
      await world.report(failure('dns', OLD));
      await world.deliver();
      assert.equal(world.shown(OLD, contextOf('web')), 'pending: progressing');
      assert.equal(world.shown(OLD, WHOLE), 'pending: 0 of 3 ready, 1 failing: foo-ns/dns');

      world.clock.advance(60_000);
      await world.report(progress('web', NEW));
      await world.deliver();
      assert.equal(world.shown(OLD, contextOf('web')), 'pending: progressing', 'what is not done closes nothing');

      await world.report(success('web', NEW));
      await world.report(success('db', NEW));
      await world.report(success('dns', NEW));
      await world.deliver();

      assert.equal(world.shown(OLD, contextOf('web')), 'success: superseded by 22222222');
      assert.equal(world.shown(OLD, contextOf('db')), 'success: superseded by 22222222');
      assert.equal(world.shown(OLD, contextOf('dns')), 'failure: health check failed', 'a verdict stays');
      assert.equal(world.shown(OLD, WHOLE), 'failure: 0 of 3 ready, 1 failing: foo-ns/dns');
      assert.equal(world.shown(NEW, contextOf('web')), 'success: reconciliation succeeded');
      assert.equal(world.shown(NEW, WHOLE), 'success: 3 of 3 ready');
    });
  });
}

test('all objects went on: the old commit says so', async () => {
  await inWorld(GITHUB, WHOLE_ONLY, async (world) => {
    await world.report(success('dns', OLD));
    await world.report(progress('web', OLD));
    await world.deliver();
    world.clock.advance(60_000);

    await world.report(success('web', NEW));
    await world.deliver();

    assert.equal(world.shown(OLD, WHOLE), 'success: 1 of 2 ready, 1 superseded by 22222222');
    assert.equal(world.shown(OLD, contextOf('web')), undefined, 'only the whole commit has a status');
  });
});

test('events that race count by when they happened', async () => {
  await inWorld(GITHUB, WHOLE_ONLY, async (world) => {
    const nowMs = world.clock.nowMs();
    await Promise.all([
      world.report({ ...success('web', NEW), atMs: nowMs + 5_000 }),
      world.report({ ...failure('web', NEW), atMs: nowMs + 3_000 }),
      world.report({ ...failure('db', NEW), atMs: nowMs + 1_000 }),
    ]);
    await world.deliver();
    assert.equal(world.shown(NEW, WHOLE), 'failure: 1 of 2 ready, 1 failing: foo-ns/db');

    await world.report({ ...success('db', NEW), atMs: nowMs + 4_000 });
    await world.deliver();
    assert.equal(world.shown(NEW, WHOLE), 'success: 2 of 2 ready', 'an event older than the last delivered one still counts');
  });
});

test('the link of a whole commit is no reason to tell it again', async () => {
  await inWorld(GITHUB, WHOLE_ONLY, async (world) => {
    for (const object of ['web', 'db', 'web', 'db']) {
      world.link = `https://console.example.com/${object}`;
      await world.report(success('web', NEW));
      await world.deliver();
    }

    assert.equal(world.tableOf(NEW).items.length, 1);
    assert.match(String(world.requests.at(-1)?.body), /"target_url":"https:\/\/console\.example\.com\/web"/);
  });
});

test('without the annotations nothing is said of progress or of whole commits', async () => {
  await inWorld(GITHUB, {}, async (world) => {
    await world.report(progress('web', OLD));
    await world.report(success('web', NEW));
    await world.deliver();

    assert.deepEqual(world.tableOf(OLD).items, []);
    assert.deepEqual(
      world.tableOf(NEW).items.map(({ context }) => context),
      [contextOf('web')],
    );
  });
});

const SHAS = [OLD, NEW, '3'.repeat(40)];
const anyStep = fc.record({
  object: fc.constantFrom('a', 'b', 'c'),
  sha: fc.constantFrom(...SHAS),
  turn: fc.constantFrom(progress, success, failure),
  next: fc.constantFrom('nothing', 'nothing', 'deliver', 'restart', 'crash', 'lose an answer'),
});

interface Word {
  readonly turn: typeof progress;
  readonly closedBy?: string;
}

/** What each object said last of each commit, by the rules that people are told. */
function expectedWords(steps: readonly { object: string; sha: string; turn: typeof progress }[]): Map<string, Map<string, Word>> {
  const words = new Map(SHAS.map((sha) => [sha, new Map<string, Word>()]));
  for (const { object, sha, turn } of steps) {
    words.get(sha)?.set(object, { turn });
    if (turn === progress) continue;
    for (const [other, objects] of words) {
      const word = objects.get(object);
      if (other !== sha && word?.turn === progress && word.closedBy === undefined) objects.set(object, { ...word, closedBy: sha });
    }
  }
  return words;
}

function expectedStatus({ turn, closedBy }: Word): string {
  if (closedBy !== undefined) return `success: superseded by ${closedBy.slice(0, 8)}`;
  if (turn === progress) return 'pending: progressing';
  return turn === success ? 'success: reconciliation succeeded' : 'failure: health check failed';
}

function expectedState(words: readonly Word[]): string {
  if (words.some(({ turn, closedBy }) => turn === progress && closedBy === undefined)) return 'pending';
  return words.some(({ turn }) => turn === failure) ? 'failure' : 'success';
}

for (const forge of WORLD_FORGES) {
  test(`${forge.type}: whatever happens on the way, the forge ends with what every object said last`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 20 }), async (steps) => {
        await inWorld(forge, BOTH, async (world) => {
          for (const { object, sha, turn, next } of steps) {
            world.clock.advance(1_000);
            await world.report(turn(object, sha));
            if (next === 'deliver') await world.deliver();
            if (next === 'restart') await world.restart();
            if (next === 'crash') await world.crash();
            if (next === 'lose an answer') world.lost += 1;
          }
          await world.deliver();

          for (const [sha, words] of expectedWords(steps)) {
            for (const [object, word] of words)
              assert.equal(world.shown(sha, contextOf(object)), expectedStatus(word), `${object} ${sha[0]}`);
            if (words.size === 0) continue;
            const ready = [...words.values()].filter(({ turn }) => turn === success).length;
            const whole = world.shown(sha, WHOLE) ?? '';
            const state = expectedState([...words.values()]);
            const isExact = state !== 'pending' || forge.updatesPending;
            assert.ok(whole.startsWith(isExact ? `${state}: ${ready} of ${words.size} ready` : `${state}: `), whole);
          }
        });
      }),
      { numRuns: RUNS },
    );
  });
}
