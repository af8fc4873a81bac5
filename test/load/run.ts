// Loads a real process within bounds, on loopback.
//
//   node test/load/run.ts [--only steady,burst,overload] [--seconds 60]
import { parseArgs } from 'node:util';
import { runScenarios } from '../support/scenarios.ts';
import { burst } from './burst.ts';
import { overload } from './overload.ts';
import { steady } from './steady.ts';

const { values } = parseArgs({ options: { only: { type: 'string' }, seconds: { type: 'string', default: '60' } } });

process.exitCode = await runScenarios({
  suite: 'load',
  scenarios: [steady, burst, overload],
  only: values.only,
  toContext: (report) => ({ ...report, seconds: Number(values.seconds) }),
});
