import type { ScenarioOf, ScenarioReport } from '../support/scenarios.ts';

export interface CrashContext extends ScenarioReport {
  /** Chance with a seed that the runner prints. */
  readonly random: () => number;
  readonly kills: number;
  readonly events: number;
}

export type CrashScenario = ScenarioOf<CrashContext>;
