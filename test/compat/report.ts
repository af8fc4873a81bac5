// What the runner prints.
import type { CaseResult } from './run-case.ts';
import type { Ground } from './ground.ts';
import { findDeviation, type Deviation, type Vector } from './vector.ts';

/** Which cases run, and why the others do not. */
export interface Selection {
  readonly run: readonly Vector[];
  readonly elsewhere: readonly { readonly vector: Vector; readonly why: string }[];
  readonly deviating: readonly { readonly vector: Vector; readonly deviation: Deviation }[];
}

export function select(vectors: readonly Vector[], deviations: readonly Deviation[], ground: Pick<Ground, 'whyNot'>): Selection {
  const run: Vector[] = [];
  const elsewhere: { vector: Vector; why: string }[] = [];
  const deviating: { vector: Vector; deviation: Deviation }[] = [];
  for (const vector of vectors) {
    const deviation = findDeviation(vector.name, deviations);
    const why = ground.whyNot(vector);
    if (deviation !== undefined) deviating.push({ vector, deviation });
    else if (why === undefined) run.push(vector);
    else elsewhere.push({ vector, why });
  }
  return { run, elsewhere, deviating };
}

/** One line per area. */
export function renderAreas(areas: readonly string[], selection: Selection, results: readonly CaseResult[]): string {
  const failed = new Set(results.filter((result) => result.differences.length > 0).map((result) => result.name));
  const ran = new Set(results.map((result) => result.name));
  const rows = areas.map((area) => {
    const own = selection.run.filter((vector) => areaOf(vector) === area && ran.has(vector.name));
    const passed = own.filter((vector) => !failed.has(vector.name));
    const withRequests = passed.filter((vector) => (vector.expected.requests ?? []).length > 0);
    const skipped = selection.elsewhere.filter(({ vector }) => areaOf(vector) === area).length;
    const deviating = selection.deviating.filter(({ vector }) => areaOf(vector) === area).length;
    return [
      area.padEnd(28),
      `${passed.length}/${own.length}`.padStart(9),
      String(withRequests.length).padStart(15),
      String(skipped).padStart(14),
      String(deviating).padStart(11),
    ].join('');
  });
  const head = `${'area'.padEnd(28)}${'passed'.padStart(9)}${'with requests'.padStart(15)}${'elsewhere'.padStart(14)}${'deviates'.padStart(11)}`;
  return [head, ...rows].join('\n');
}

/** The cases that this ground cannot show, by reason. */
export function renderElsewhere(selection: Selection): string {
  const byReason = Map.groupBy(selection.elsewhere, ({ why }) => why);
  return [...byReason].map(([why, cases]) => `  ${why}: ${cases.map(({ vector }) => vector.name).join(' ')}`).join('\n');
}

/** The cases where Tocsin differs on purpose; each has a test of its own beside the code that differs. */
export function renderDeviating(selection: Selection): string {
  return selection.deviating.map(({ vector, deviation }) => `  ${vector.name}: ${deviation.instead}`).join('\n');
}

const SHOWN_DIFFERENCES = 6;

export function renderFailure(result: CaseResult): string {
  const shown = result.differences.slice(0, SHOWN_DIFFERENCES).map((difference) => `    ${difference}`);
  const more = result.differences.length - shown.length;
  const rest = more > 0 ? [`    and ${more} more`] : [];
  return [`FAIL ${result.name}`, ...shown, ...rest, ...result.notes.map((note) => `    - ${note}`)].join('\n');
}

function areaOf(vector: Vector): string {
  return vector.name.slice(0, vector.name.indexOf('/'));
}
