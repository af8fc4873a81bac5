// The words of replay and cancel: what would be done, what was done, and why the rest was not.
import type { Decided, Decision } from './decision.ts';
import { printable, toCount, toObjectWords, toTable, toWords } from './words.ts';

/** Rows of a plan that are printed; JSON has all of them. */
const SHOWN = 50;

/** What would become of each, and how many that makes. */
export function describePlan(decision: Decision, plan: readonly Decided[], nowMs: number): string {
  if (plan.length === 0) return 'No deliveries match.';
  const header = ['ID', 'STATE', 'PROVIDER', 'OBJECT', 'ALERT', 'ACCEPTED', 'REASON', 'WOULD BE'];
  const rows = plan.slice(0, SHOWN).map((decided) => toRow(decision, decided, nowMs));
  const hidden = plan.length - rows.length;
  const count = plan.filter(({ result }) => result === decision.done).length;
  return [
    toTable(header, rows),
    ...(hidden > 0 ? [`and ${toCount(hidden)} more; --output json lists them`] : []),
    `Would ${decision.verb} ${toCount(count)} of ${toCount(plan.length, 'delivery')}.`,
  ].join('\n');
}

function toRow(decision: Decision, decided: Decided, nowMs: number): string[] {
  const { id, result, delivery } = decided;
  const wouldBe = result === decision.done ? decision.past : decision.explain(decided);
  if (delivery === undefined) return [id, '-', '-', '-', '-', '-', '-', wouldBe];
  const { state, subject, target, route, createdAtMs, reason } = delivery;
  return [
    id,
    state,
    `${target.namespace}/${target.name}`,
    toObjectWords(subject),
    `${route.namespace}/${route.name}`,
    toWords(createdAtMs, nowMs),
    reason ?? '-',
    wouldBe,
  ];
}

/** What was done for standard output, and what was not for standard error. */
export function describeDone(
  decision: Decision,
  decided: readonly Decided[],
  isNamed: boolean,
): { readonly lines: readonly string[]; readonly remarks: readonly string[] } {
  if (decided.length === 0) return { lines: ['No deliveries match.'], remarks: [] };
  const done = decided.filter(({ result }) => result === decision.done);
  const others = decided.filter(({ result }) => result !== decision.done);
  const [only] = done;
  const sentence =
    done.length === 1 && only !== undefined ? `${decision.past} ${only.id}` : `${decision.past} ${toCount(done.length, 'delivery')}`;
  return {
    lines: done.length === 0 && isNamed ? [] : [sentence, ...decision.remarks(done)],
    remarks: isNamed
      ? others.map((one) => printable(`${one.id} was not ${decision.past}: ${decision.explain(one)}`))
      : countWords(others.map((one) => decision.explain(one))).map(([words, count]) => `${toCount(count)} not ${decision.past}: ${words}`),
  };
}

/** For programs: every delivery as it was found, and what became of it. */
export function toDecisionJson(decision: Decision, decided: readonly Decided[], dryRun: boolean): string {
  const count = decided.filter(({ result }) => result === decision.done).length;
  const items = decided.map(({ id, result, delivery: { state, ...delivery } = {} }) => ({
    id,
    result,
    ...(state === undefined ? {} : { from: state, ...delivery }),
  }));
  return JSON.stringify({ dryRun, [decision.past]: count, items }, null, 2);
}

function countWords(words: readonly string[]): readonly (readonly [words: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts];
}
