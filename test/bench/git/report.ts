// The page that a run about commit statuses leaves behind.
import type { BudgetFigures } from './budget.ts';
import type { EconomyFigures } from './economy.ts';

/**
 * Flux's controller 1.9.3 in the same situation: one commit, 60 contexts, 20 reconciles each in one order, emulated forges of
 * the same kind; three runs on 2026-11-21 that agreed.
 */
const FLUX: Readonly<Record<string, { readonly total: number; readonly redundant: number }>> = {
  github: { total: 2_400, redundant: 1_140 },
  gitlab: { total: 1_260, redundant: 0 },
  gitea: { total: 3_600, redundant: 1_140 },
};
const FLUX_CONTEXTS = 60;
const FLUX_RECONCILES = 20;

export interface GitReport {
  readonly date: string;
  readonly contexts: number;
  readonly reconciles: number;
  readonly economy: readonly EconomyFigures[];
  readonly budget: readonly BudgetFigures[];
}

/** The whole page. */
export function renderPage(report: GitReport): string {
  const { date, contexts, reconciles } = report;
  return [
    `# Calls of commit statuses, ${date}`,
    '',
    'Emulated forges with pages, ETags and budgets; the planner, the store, the engine and the providers are the real ones, and time',
    'is moved by hand, so the figures are the same on every machine.',
    '',
    `## One commit, ${contexts} contexts, ${reconciles} unchanged reconciles each`,
    '',
    ...economyTable(report),
    '',
    'Wanted: at most 62 calls and no redundant status for GitHub, GitLab and Gitea. Bitbucket is asked for one build at a time, as Flux',
    'asks it. Flux lists the statuses for every event, and reads one page of them.',
    '',
    '## A budget that is too small',
    '',
    ...budgetTable(report),
    '',
    'All events come within an hour, in no order of repositories. Wanted: as few hours as the calls fill, and none written in an',
    'earlier hour than an older one, but for those that were on their way when the budget ran out. A commit that was read more than an',
    'hour ago is read again, since somebody else may have written.',
    '',
  ].join('\n');
}

function economyTable({ contexts, reconciles, economy }: GitReport): readonly string[] {
  const isComparable = contexts === FLUX_CONTEXTS && reconciles === FLUX_RECONCILES;
  return [
    '| type | events | list | create | other | calls | redundant | Flux: calls | Flux: redundant |',
    '|---|---|---|---|---|---|---|---|---|',
    ...economy.map(({ type, events, calls, total, redundant }) => {
      const flux = isComparable ? FLUX[type] : undefined;
      const cells = [type, events, calls.list, calls.create, calls.other, `**${total}**`, `**${redundant}**`, flux?.total, flux?.redundant];
      return row(cells);
    }),
  ];
}

function budgetTable({ budget }: GitReport): readonly string[] {
  return [
    '| type | repositories | statuses | calls an hour | list | refused | hours | needed | out of order | redundant |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...budget.map(({ type, repositories, contexts, callsPerHour, calls, hours, neededHours, outOfOrder, redundant }) =>
      row([
        type,
        repositories,
        repositories * contexts,
        callsPerHour,
        calls.list,
        calls.refused,
        hours,
        neededHours,
        outOfOrder,
        redundant,
      ]),
    ),
  ];
}

function row(cells: readonly (string | number | undefined)[]): string {
  return `| ${cells.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : (cell ?? '-'))).join(' | ')} |`;
}
