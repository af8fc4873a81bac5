// What commit statuses cost: calls for one commit with many contexts, and how a budget that is too small is spent. Counted on
// emulated forges with the real planner, store, engine and providers, so that the figures do not depend on the machine.
//
//   node test/bench/run.ts git [--contexts 60] [--reconciles 20] [--repositories 1000] [--budget 5000] [--out file]

import { parseArgs } from 'node:util';
import { VENDORS } from '../../support/forge-vendors.ts';
import { print } from '../../support/scenarios.ts';
import { measureBudget } from './budget.ts';
import { measureEconomy } from './economy.ts';
import { renderPage } from './report.ts';
import { today, writePage } from '../page.ts';

/** The forges whose statuses of a commit are read as a list. */
const LISTED = ['github', 'gitlab', 'gitea'];
/** Of each repository in the part about the budget: more than an hour's budget pays for. */
const CONTEXTS_EACH = 10;

/** Runs the bench with the words of its own command line. */
export async function run(words: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      contexts: { type: 'string', default: '60' },
      reconciles: { type: 'string', default: '20' },
      repositories: { type: 'string', default: '1000' },
      budget: { type: 'string', default: '5000' },
      out: { type: 'string' },
    },
  });
  const commit = { contexts: Number(values.contexts), reconciles: Number(values.reconciles) };
  const economy = [];
  for (const vendor of VENDORS) economy.push(await measureEconomy(vendor, commit));
  const shared = { repositories: Number(values.repositories), contexts: CONTEXTS_EACH, callsPerHour: Number(values.budget) };
  const budget = [];
  for (const vendor of VENDORS.filter(({ definition }) => LISTED.includes(definition.type))) {
    print(`${vendor.definition.type}: ${shared.repositories} repositories on one token`);
    budget.push(await measureBudget(vendor, shared));
  }
  const date = today();
  const page = renderPage({ date, ...commit, economy, budget });
  print(page);
  writePage(page, { part: 'git', out: values.out });
}
