import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../test/support/clock.ts';
import { toResolved } from '../../test/support/deliveries.ts';
import { BudgetSpent, createBudgets } from './budgets.ts';

const API = 'https://api.example.com/repos/a';
const HOUR_MS = 3_600_000;
const { config } = toResolved({ token: 'one' });

/** How long a delivery of this age has to wait; 0 = it may go. */
function waitOf(budgets: ReturnType<typeof createBudgets>, ageMs: number, changes: { url?: string; token?: string } = {}): number {
  try {
    budgets.check(changes.url ?? API, { ...config, ...(changes.token === undefined ? {} : { token: changes.token }) }, ageMs);
    return 0;
  } catch (error) {
    assert.ok(error instanceof BudgetSpent);
    return error.afterMs;
  }
}

test('a spent budget is that of one server and one credential, whatever the path', () => {
  const budgets = createBudgets(new ManualClock());
  budgets.exhaust(API, config, HOUR_MS);

  assert.ok(waitOf(budgets, 0, { url: 'https://api.example.com/repos/b' }) >= HOUR_MS);
  assert.equal(waitOf(budgets, 0, { url: 'https://other.example.com/' }), 0);
  assert.equal(waitOf(budgets, 0, { token: 'two' }), 0);
});

test('after the reset the oldest go first, half a minute later everything', () => {
  const clock = new ManualClock();
  const budgets = createBudgets(clock);
  budgets.exhaust(API, config, HOUR_MS);
  clock.advance(HOUR_MS);

  assert.equal(waitOf(budgets, 24 * HOUR_MS), 0);
  assert.equal(waitOf(budgets, 0), 30_000);
  clock.advance(30_000);
  assert.equal(waitOf(budgets, 0), 0);
});

test('those that wait come back in order of their age, whenever they asked, within half a minute of the reset', () => {
  const clock = new ManualClock();
  const budgets = createBudgets(clock);
  budgets.exhaust(API, config, HOUR_MS);
  const comesBackAtMs = (acceptedMs: number): number => clock.monotonicMs() + waitOf(budgets, clock.monotonicMs() - acceptedMs);

  const old = comesBackAtMs(-10 * HOUR_MS);
  const middle = comesBackAtMs(-HOUR_MS);
  clock.advance(HOUR_MS / 2);
  const young = comesBackAtMs(HOUR_MS / 4);
  const oldAgain = comesBackAtMs(-10 * HOUR_MS);

  assert.ok(old < middle && middle < young, `${old} ${middle} ${young}`);
  assert.equal(oldAgain, old);
  assert.ok(old >= HOUR_MS && young <= HOUR_MS + 30_000);
});
