// Statuses and comments as a real Gitea shows them, through its own API. Not part of .ci/run: the program is named in GITEA, or
// built once as a Go module, which takes ten minutes on two cores.
//
//   node test/gitea/run.ts [--only status,whole-commit,contexts,comment,check] [--program file]
//
// Last run with success: 2026-11-21, Gitea 1.26.0.
import { parseArgs } from 'node:util';
import { runScenarios } from '../support/scenarios.ts';
import { check, comment, contexts, status, wholeCommit } from './scenarios.ts';

const { values } = parseArgs({ options: { only: { type: 'string' }, program: { type: 'string' } } });

process.exitCode = await runScenarios({
  suite: 'gitea',
  scenarios: [status, wholeCommit, contexts, comment, check],
  only: values.only,
  program: values.program,
  toContext: (report) => report,
});
