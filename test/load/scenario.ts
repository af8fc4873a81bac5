import type { ScenarioOf, ScenarioReport } from '../support/scenarios.ts';

export interface LoadContext extends ScenarioReport {
  /** How long the long scenarios run. */
  readonly seconds: number;
}

export type LoadScenario = ScenarioOf<LoadContext>;
