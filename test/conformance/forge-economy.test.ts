// Commit statuses are cheap: the promises of the bench about git, in a size that takes a second.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureBudget } from '../bench/git/budget.ts';
import { measureEconomy } from '../bench/git/economy.ts';
import { VENDORS } from '../support/forge-vendors.ts';

const CONTEXTS = 60;
const REPOSITORIES = 40;
/** Deliveries that a spent budget may meet between their calls. */
const ON_THEIR_WAY = 40;
const HOUR_MS = 3_600_000;
/** Those that are asked for one build at a time have a reading for each. */
const READINGS: Readonly<Record<string, number>> = { bitbucket: CONTEXTS, bitbucketserver: CONTEXTS };

for (const vendor of VENDORS) {
  const { type } = vendor.definition;

  test(`${type}: sixty contexts of one commit, at the same moment and again and again, cost few calls`, async () => {
    const { calls, total, redundant, events } = await measureEconomy(vendor, { contexts: CONTEXTS, reconciles: 3 });

    assert.equal(events, 3 * CONTEXTS);
    assert.deepEqual({ create: calls.create, redundant }, { create: CONTEXTS, redundant: 0 });
    assert.ok(total <= CONTEXTS + (READINGS[type] ?? 2), `${total} calls`);
  });
}

for (const vendor of VENDORS.filter(({ hasEtags }) => hasEtags)) {
  test(`${vendor.definition.type}: what has not changed for hours costs nothing of the budget`, async () => {
    const { calls, redundant } = await measureEconomy(vendor, { contexts: CONTEXTS, reconciles: 6, betweenMs: 2 * HOUR_MS });

    // Before the statuses were written, and once after; from then on nothing has changed.
    assert.deepEqual(calls, { list: 2, unchanged: 4, create: CONTEXTS, other: 0, refused: 0 });
    assert.equal(redundant, 0);
  });
}

for (const vendor of VENDORS) {
  test(`${vendor.definition.type}: a budget that is too small is spent to the last call, oldest first`, async () => {
    const { hours, neededHours, outOfOrder, calls, redundant } = await measureBudget(vendor, {
      repositories: REPOSITORIES,
      contexts: 5,
      callsPerHour: 150,
    });

    assert.equal(hours, neededHours);
    assert.deepEqual({ create: calls.create, redundant }, { create: 200, redundant: 0 });
    // Each commit is read once in each hour in which it gets a status, and on GitLab once more by a name.
    const each = vendor.definition.type === 'gitlab' ? 2 : 1;
    const readings = READINGS[vendor.definition.type] === undefined ? each * REPOSITORIES * hours : calls.create + ON_THEIR_WAY;
    assert.ok(calls.list <= readings, `${calls.list} lists`);
    // What was on its way when the budget ran out may have passed something older.
    assert.ok(outOfOrder <= 8, `${outOfOrder} out of order`);
    assert.ok(calls.refused <= ON_THEIR_WAY, `${calls.refused} refused`);
  });
}
