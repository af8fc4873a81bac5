// Failures and recoveries as a real Alertmanager shows them, through its own API. Not part of .ci/run: the program has to be
// there, as the Debian package prometheus-alertmanager or under the name in ALERTMANAGER.
//
//   node test/alertmanager/run.ts [--only resolves,like-flux] [--program file]
//
// Last run with success: 2026-11-21, Alertmanager 0.25.0.
import { parseArgs } from 'node:util';
import { runScenarios } from '../support/scenarios.ts';
import { likeFlux, mutualTls, resolves } from './scenarios.ts';

const { values } = parseArgs({ options: { only: { type: 'string' }, program: { type: 'string' } } });

process.exitCode = await runScenarios({
  suite: 'alertmanager',
  scenarios: [resolves, likeFlux, mutualTls],
  only: values.only,
  program: values.program,
  toContext: (report) => report,
});
