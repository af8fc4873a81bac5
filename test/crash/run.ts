// Breaks a real process in many ways and looks for what is lost.
//
//   node test/crash/run.ts [--only kill,down] [--seed n] [--kills 50] [--events 2000] [--program file]
import { parseArgs } from 'node:util';
import { createRandom } from '../support/random.ts';
import { print, runScenarios } from '../support/scenarios.ts';
import { fullDisk } from './full-disk.ts';
import { graceful } from './graceful.ts';
import { kill } from './kill.ts';
import { down, hanging, limited, resets } from './misbehaving.ts';
import { takenAway } from './taken-away.ts';
import { twoProcesses } from './two-processes.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    program: { type: 'string' },
    seed: { type: 'string' },
    kills: { type: 'string', default: '50' },
    events: { type: 'string', default: '2000' },
  },
});
const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
print(`seed ${seed}`);

process.exitCode = await runScenarios({
  suite: 'crash',
  scenarios: [down, limited, hanging, resets, graceful, fullDisk, takenAway, twoProcesses, kill],
  only: values.only,
  program: values.program,
  toContext: (report) => ({ ...report, random: createRandom(seed), kills: Number(values.kills), events: Number(values.events) }),
});
