// The tests that need nothing but npm, in as many processes as there are cores to spare; within one process files share
// their modules, which saves more than half of the time.
//
//   node test/run.ts [FILE or GLOB ...]
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

const MAX_PROCESSES = 4;
const FILES = [
  'cmd/**/*.test.ts',
  'internal/**/*.test.ts',
  'providers/**/*.test.ts',
  'test/architecture/*.test.ts',
  'test/conformance/*.test.ts',
  'test/docs/*.test.ts',
];

interface Shard {
  readonly failed: boolean;
  readonly output: string;
}

/** Runs every n-th file; the output comes as a whole, so that the shards' lines do not mix. */
function runShard(shard: number, count: number, files: readonly string[]): Promise<Shard> {
  const words = ['--test', '--test-isolation=none', `--test-shard=${shard}/${count}`, ...files];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ failed: code !== 0, output: Buffer.concat(chunks).toString() }));
  });
}

const given = process.argv.slice(2);
const files = given.length > 0 ? given : FILES;
const count = Math.min(MAX_PROCESSES, availableParallelism());
const shards = Array.from({ length: count }, async (_, index) => {
  const shard = await runShard(index + 1, count, files);
  process.stdout.write(shard.output);
  return shard.failed;
});
if ((await Promise.all(shards)).some((failed) => failed)) process.exitCode = 1;
