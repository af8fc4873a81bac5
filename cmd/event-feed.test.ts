// What a follower of events sees, against a real store and API: each once, and again when it is decided.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type AdminWorld, openAdminWorld } from '../test/support/admin-world.ts';
import { anAppend, anEvent, ref } from '../test/support/outbox.ts';
import type { StoredEvent } from '../internal/outbox/store.ts';
import type { Verdict } from '../internal/routing/route.ts';
import { createEventFeed, type EventFeedOptions } from './event-feed.ts';
import type { Feed } from './follow.ts';
import { parseStore } from './store-location.ts';

const ROUTE = { route: ref('alert'), targetKey: 'flux//default/target' };
const MATCHED: Verdict = { ...ROUTE, kind: 'matched' };
const DROPPED: Verdict = { ...ROUTE, kind: 'dropped', reason: 'severity' };
const PENDING: Verdict = { ...ROUTE, kind: 'pending', reason: 'provider-missing' };
let world: AdminWorld;

function feedOf(options: Partial<EventFeedOptions> = {}): Feed<StoredEvent> {
  const { clock } = world;
  const flags = { ...world.flags, store: parseStore(world.flags.store) };
  const everything = { places: {}, first: {}, verdict: undefined, limit: 50 };
  return createEventFeed({ ...everything, flags, clock, signal: new AbortController().signal, ...options });
}

async function append(ids: readonly string[], verdict: Verdict = MATCHED, severity = 'info'): Promise<void> {
  await world.outbox.append(ids.map((id) => ({ ...anAppend(anEvent(id, { said: { severity } }), []), verdicts: [verdict] })));
}

async function decide(id: string, verdict: Verdict): Promise<void> {
  await world.outbox.resolve([{ eventId: id, verdicts: [verdict], deliveries: [], revision: 'r2', retryAfterMs: 1_000 }]);
}

function words(rows: readonly StoredEvent[]): readonly string[] {
  return rows.map(({ event, verdicts }) => `${event.id} ${verdicts.map(({ kind }) => kind).join('+')}`);
}

async function poll(feed: Feed<StoredEvent>): Promise<readonly string[]> {
  world.clock.advance(1_000);
  return words(await feed.next());
}

describe('a follower of events', () => {
  beforeEach(async () => {
    world = await openAdminWorld();
  });
  afterEach(() => world.close());

  it('begins with the last ones and goes on with every new one, once', async () => {
    const ids = Array.from({ length: 1_100 }, (_, index) => `e${index}`);
    await append(['a', 'b', 'c']);
    const feed = feedOf({ limit: 2 });
    const seen = [words(await feed.begin()), await poll(feed)];
    await append(ids);
    seen.push(await poll(feed), await poll(feed));

    assert.deepEqual(seen, [['b matched', 'c matched'], [], ids.map((id) => `${id} matched`), []]);
  });

  it('begins where nothing is stored yet', async () => {
    const feed = feedOf();
    const seen = [words(await feed.begin()), await poll(feed)];
    await append(['a']);
    seen.push(await poll(feed), await poll(feed));

    assert.deepEqual(seen, [[], [], ['a matched'], []]);
  });

  it('what was not known at first comes again when it is decided', async () => {
    await append(['old'], PENDING);
    await append(['b']);
    const feed = feedOf({ limit: 1 });
    const seen = [words(await feed.begin())];
    await append(['new'], PENDING);
    seen.push(await poll(feed), await poll(feed));
    await decide('old', MATCHED);
    await decide('new', DROPPED);
    seen.push(await poll(feed), await poll(feed));

    assert.deepEqual(seen, [['b matched'], ['new pending'], [], ['old matched', 'new dropped'], []]);
  });

  it('what is asked for narrows what is shown, also when it is decided later', async () => {
    const feed = feedOf({ places: { severity: 'error' }, verdict: 'unmatched' });
    await feed.begin();
    await append(['quiet'], DROPPED, 'info');
    await append(['loud'], DROPPED, 'error');
    await append(['sent'], MATCHED, 'error');
    await append(['later'], PENDING, 'error');
    const seen = [await poll(feed)];
    await decide('later', DROPPED);
    seen.push(await poll(feed), await poll(feed));

    assert.deepEqual(seen, [['loud dropped'], ['later dropped'], []]);
  });

  it('where nothing matches, what was looked at is not looked at again', async () => {
    const feed = feedOf({ places: { severity: 'error' } });
    await feed.begin();
    await append(['a', 'b']);
    await poll(feed);
    const asked: string[] = [];
    world.onRequest = (url) => void asked.push(new URL(url, 'http://a').searchParams.get('after') ?? '');
    await poll(feed);

    assert.ok(asked.includes('b'), `goes on behind the newest: ${asked.join(' ')}`);
  });

  it('a poll that fails loses nothing', async () => {
    await append(['old'], PENDING);
    const feed = feedOf();
    await feed.begin();
    await append(['new']);
    await decide('old', MATCHED);

    world.failing = /order=oldest/;
    await assert.rejects(poll(feed), { code: 'store' });
    world.failing = undefined;

    assert.deepEqual([await poll(feed), await poll(feed)], [['old matched', 'new matched'], []]);
  });
});
