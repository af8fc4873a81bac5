// What every type that comments on change requests promises, told against an emulated forge.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { TransportError } from '../../internal/sdk/http.ts';
import { ConfigFault } from '../../internal/sdk/provider.ts';
import { type CommentSubject, createRun, laneOf, UID } from './comment-run.ts';

const HOUR_MS = 3_600_000;
const RUNS = 60;

/** Registers the tests of a type. */
export function testComments(subject: CommentSubject): void {
  const { definition, greeting, markerPrefix } = subject;
  const marker = `<!-- ${markerPrefix}:${UID}/Kustomization/apps/webapp -->`;
  const textOf = (message: string, emoji = '\u2139\uFE0F') =>
    `${marker}\n\n## Flux Status\n\n${emoji} Kustomization/apps/webapp\n\n${message}\n\nMetadata:\n* \`revision\`: r1\n`;

  test('the first event creates the comment, and the next ones update it with one call each', async () => {
    const run = createRun(subject);

    await run.deliver({ message: 'one' });
    await run.deliver({ message: 'two', severity: 'error' });
    await run.deliver({ message: 'three' }, { ageMs: 30 * HOUR_MS });

    assert.deepEqual(run.forge.calls, [...greeting, 'list', 'create', 'update', 'update']);
    assert.deepEqual(
      run.forge.comments.map(({ author, body }) => ({ author, body })),
      [{ author: 'bot', body: textOf('three') }],
    );
  });

  test('an error looks like one', async () => {
    const run = createRun(subject);

    await run.deliver({ message: 'broken', severity: 'error' });

    assert.equal(run.forge.comments[0]?.body, textOf('broken', '\u26A0\uFE0F'));
  });

  test('a comment that says the same costs no call for an hour', async () => {
    const run = createRun(subject);
    await run.deliver({ message: 'same' });
    const before = run.forge.calls.length;

    const again = await run.deliver({ message: 'same' });
    await run.deliver({ message: 'same' }, { ageMs: HOUR_MS + 1 });

    assert.ok(again.kind === 'delivered' && again.note === 'the comment says so already');
    assert.deepEqual(run.forge.calls.slice(before), ['update']);
  });

  test('the comment is found on the last page, and those of others are left alone', async () => {
    const run = createRun(subject);
    const foreign = run.forge.seed({ author: 'somebody', body: `${marker}\n\nnot mine` });
    run.forge.seed({ author: 'bot', body: `<!-- ${markerPrefix}:${UID}/Kustomization/apps/webapp2 -->` });
    run.forge.seed({ author: 'Bot', body: marker });
    run.forge.seed({ number: 43, author: 'bot', body: marker });
    run.forge.seed({ author: 'bot', body: 'no marker' });
    const own = run.forge.seed({ author: 'bot', body: `quoted\n${marker}\nmore` });
    const later = run.forge.seed({ author: 'bot', body: marker });

    await run.deliver({ message: 'found' });

    assert.equal(own.body, textOf('found'));
    assert.equal(foreign.body, `${marker}\n\nnot mine`);
    assert.equal(later.body, marker);
    assert.equal(run.forge.comments.length, 7);
    assert.deepEqual(new Set(run.forge.calls), new Set([...greeting, 'list', 'update']));
  });

  test('a comment that was deleted is written anew', async () => {
    const run = createRun(subject);
    await run.deliver({ message: 'one' });
    run.forge.delete(run.forge.comments[0]?.id ?? 0);
    const before = run.forge.calls.length;

    await run.deliver({ message: 'two' });

    assert.deepEqual(run.forge.calls.slice(before), ['update', 'list', 'create']);
    assert.deepEqual(
      run.forge.comments.map(({ body }) => body),
      [textOf('two')],
    );
  });

  test('a lost answer to the creation does not create a second one', async () => {
    const run = createRun(subject);
    run.forge.losesNextAnswer = true;

    await assert.rejects(run.deliver({ message: 'one' }), (error) => error instanceof TransportError);
    await run.deliver({ message: 'one' });

    assert.equal(run.forge.comments.length, 1);
  });

  test('a creation that is answered 502 and happened is found by the next try, also where others have read before', async () => {
    const run = createRun(subject);
    run.forge.breaksNextAnswer = true;

    const first = await run.deliver({ message: 'one' });
    await Promise.all([
      run.deliver({ message: 'another' }, { lane: 'lane-2', uid: 'another-uid' }),
      run.deliver({ message: 'one, again' }),
    ]);

    assert.ok(first.kind === 'retry' && first.reason === 'server');
    assert.deepEqual(
      run.forge.comments.map(({ body }) => body.includes('one, again')),
      [true, false],
    );
  });

  test('objects and Providers have comments of their own', async () => {
    const run = createRun(subject);
    const object = exampleEvent().involvedObject;
    await run.deliver({ message: 'a' });

    await run.deliver({ message: 'b', involvedObject: { ...object, name: 'other' } }, { lane: 'lane-2' });
    await run.deliver({ message: 'c' }, { lane: 'lane-3', uid: 'another-uid' });

    assert.equal(run.forge.comments.length, 3);
    assert.equal(run.forge.calls.filter((call) => call === 'user').length, 1, 'the user is asked for once');
  });

  test('objects that have their first word at one moment read the change request once', async () => {
    const run = createRun(subject);
    const object = exampleEvent().involvedObject;

    await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        await run.deliver({ message: `m${index}`, involvedObject: { ...object, name: `app-${index}` } }, { lane: `lane-${index}` });
      }),
    );

    assert.equal(run.forge.comments.length, 12);
    assert.deepEqual(
      run.forge.calls.filter((call) => call !== 'create'),
      [...greeting, 'list'],
    );
  });

  test('with the token of another user, a comment of its own is written', async () => {
    const run = createRun(subject);
    run.forge.users.set('token-2', 'robot');
    await run.deliver({ message: 'one' });

    await run.deliver({ message: 'two' }, { token: 'token-2' });

    assert.deepEqual(
      run.forge.comments.map(({ author, body }) => [author, body]),
      [
        ['bot', textOf('one')],
        ['robot', textOf('two')],
      ],
    );
  });

  test('with another repository, a remembered comment is not looked for there', async () => {
    const run = createRun(subject);
    await run.deliver({ message: 'one' });
    const before = run.forge.calls.length;

    await run.deliver({ message: 'two' }, { address: subject.address.replace('org/repo', 'org/other') });

    assert.equal(run.forge.calls[before], 'list');
  });

  test('what is remembered holds nothing of the token', async () => {
    const run = createRun(subject);

    const outcome = await run.deliver({ message: 'one' });

    assert.ok(outcome.kind === 'delivered' && outcome.ref === String(run.forge.comments[0]?.id));
    assert.doesNotMatch(JSON.stringify(outcome), /token-1/);
  });

  test('a locked conversation is told in words', async () => {
    const run = createRun(subject);
    run.forge.isLocked = true;

    const outcome = await run.deliver({ message: 'one' });

    assert.deepEqual({ ...outcome, ...subject.locked }, outcome);
  });

  const NUMBERS = [
    { number: '0', calls: [] },
    { number: '-1', calls: [] },
    { number: 'abc', calls: greeting },
    { number: '4.2', calls: greeting },
    { number: '0x10', calls: greeting },
    { number: '99999999999999999999', calls: greeting },
  ];
  for (const { number, calls } of NUMBERS) {
    test(`the change request ${number} is final`, async () => {
      const run = createRun(subject);

      const outcome = await run.deliver({ message: 'one', metadata: { change_request: number } });

      assert.ok(outcome.kind === 'rejected' && outcome.message.startsWith(`invalid "change_request" metadata value "${number}"`));
      assert.deepEqual(run.forge.calls, calls);
    });
  }

  test('numbers with a sign or zeros before them are numbers', async () => {
    const run = createRun(subject);

    await run.deliver({ message: 'one', metadata: { change_request: '+042', revision: 'r1' } });

    assert.equal(run.forge.comments[0]?.number, 42);
  });

  test('a token that nobody has waits for another one', async () => {
    const run = createRun(subject);

    const outcome = await run.deliver({ message: 'one' }, { token: 'token-9' });

    assert.ok(outcome.kind === 'deferred' && outcome.reason === 'auth' && outcome.until === 'target-change');
  });

  for (const changes of [{ token: '' }, { token: 'token\n' }, { address: '' }, { address: 'ftp://example.com/org/repo' }]) {
    test(`configuration that cannot work is a fault before any call: ${JSON.stringify(changes)}`, async () => {
      const run = createRun(subject);

      await assert.rejects(run.deliver({ message: 'one' }, changes), (error) => error instanceof ConfigFault);
      assert.deepEqual(run.forge.calls, []);
    });
  }

  test('the history tells what the comment said before, where the Provider wants it', async () => {
    const run = createRun(subject);
    const annotations = { 'tocsin.dev/comment-history': 'enabled' };

    for (let index = 0; index < 14; index += 1) {
      await run.deliver({ message: `m${index}`, reason: `Reason${index}` }, { annotations });
    }

    const body = run.forge.comments[0]?.body ?? '';
    assert.ok(body.startsWith(textOf('m13')));
    assert.match(body, /\nUpdated: 2026-01-02T03:04:06Z\n/);
    assert.deepEqual(
      body.match(/Reason\d+/g),
      Array.from({ length: 10 }, (_, index) => `Reason${12 - index}`),
    );
    assert.equal(run.forge.comments.length, 1);
  });

  test('a comment that says the same keeps its history, and costs no call while it is trusted', async () => {
    const run = createRun(subject);
    const annotations = { 'tocsin.dev/comment-history': 'enabled' };
    await run.deliver({ message: 'one', reason: 'First' }, { annotations });
    await run.deliver({ message: 'two', reason: 'Second' }, { annotations });
    const said = run.forge.comments[0]?.body;
    run.forge.calls.length = 0;

    const outcome = await run.deliver({ message: 'two', reason: 'Second' }, { annotations });
    assert.ok(outcome.kind === 'delivered' && outcome.note === 'the comment says so already');
    assert.deepEqual(run.forge.calls, []);

    await run.deliver({ message: 'two', reason: 'Second' }, { annotations, ageMs: 2 * 3_600_000 });
    assert.equal(run.forge.comments[0]?.body, said);
    assert.deepEqual(said?.match(/First|Second/g), ['First']);
  });

  test('the history has its place in the largest comment', async () => {
    const run = createRun(subject);
    const annotations = { 'tocsin.dev/comment-history': 'enabled' };
    const limit = definition.capabilities.limits?.bodyChars ?? 0;

    for (let index = 0; index < 12; index += 1) {
      await run.deliver({ message: `${index}${'\u00e4'.repeat(limit)}`, reason: 'R'.repeat(500) }, { annotations });
    }

    const body = run.forge.comments[0]?.body ?? '';
    assert.ok(body.length <= limit, `${body.length} of ${limit}`);
    assert.match(body, /<\/details>\n$/);
    assert.equal(body.match(/R{99}/g)?.length, 10);
  });

  const LANES = [
    { name: 'another way to write the repository', changes: { address: subject.sameAddress }, isSame: true },
    { name: 'another event', changes: { event: { message: 'other', severity: 'error' } }, isSame: true },
    { name: 'another change request', changes: { event: { metadata: { change_request: '43' } } }, isSame: false },
    {
      name: 'another object',
      changes: { event: { involvedObject: { ...exampleEvent().involvedObject, name: 'x' } } },
      isSame: false,
    },
    { name: 'another Provider', changes: { uid: 'another' }, isSame: false },
  ];
  for (const { name, changes, isSame } of LANES) {
    test(`events of one comment share a lane: ${name}`, () => {
      assert.equal(JSON.stringify(laneOf(subject, changes)) === JSON.stringify(laneOf(subject, {})), isSame);
    });
  }

  test('whatever happens in between, there is one comment and it says the last word', async () => {
    const step = fc.constantFrom('event', 'event', 'lost', 'deleted', 'foreign', 'forgotten', 'restart');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const run = createRun(subject);
        for (const [index, what] of steps.entries()) await take(run, { what, marker, message: `step ${index}` });

        await run.deliver({ message: 'last' });

        const own = run.forge.comments.filter(({ author }) => author === 'bot');
        assert.deepEqual(
          own.map(({ body }) => body),
          [textOf('last')],
        );
        assert.ok(run.forge.comments.every(({ author, body }) => author === 'bot' || body === `${marker} foreign`));
      }),
      { numRuns: RUNS },
    );
  });

  test('only what names a change request is accepted', () => {
    assert.deepEqual(definition.capabilities.accepts, ['change-request']);
  });
}

type Run = ReturnType<typeof createRun>;

async function take(run: Run, { what, marker, message }: { what: string; marker: string; message: string }): Promise<void> {
  if (what === 'foreign') run.forge.seed({ author: 'somebody', body: `${marker} foreign` });
  if (what === 'deleted') run.forge.deleteOf('bot');
  if (what === 'forgotten') run.forget();
  if (what === 'restart') run.restart();
  if (what === 'event') await run.deliver({ message });
  if (what !== 'lost') return;
  run.forge.losesNextAnswer = true;
  await assert.rejects(run.deliver({ message }));
  await run.deliver({ message });
}
