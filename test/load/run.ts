// Loads a real process within bounds, on loopback.
//
//   node test/load/run.ts [--only steady,burst,...] [--seconds 60] [--program file]
import { parseArgs } from 'node:util';
import { runScenarios } from '../support/scenarios.ts';
import { burst, burstOfCandidates } from './burst.ts';
import { overload } from './overload.ts';
import { steady } from './steady.ts';

const { values } = parseArgs({
  options: { only: { type: 'string' }, program: { type: 'string' }, seconds: { type: 'string', default: '60' } },
});

process.exitCode = await runScenarios({
  suite: 'load',
  scenarios: [steady, burst, burstOfCandidates, overload],
  only: values.only,
  program: values.program,
  toContext: (report) => ({ ...report, seconds: Number(values.seconds) }),
});
