// What the Dockerfile does, without a container engine: the bundle is built, and runs as nobody with nothing but its volume
// to write to.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'tocsin-image-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

test('the Dockerfile builds with the steps that this test takes', () => {
  const text = readFileSync(join(root, 'Dockerfile'), 'utf8');

  assert.deepEqual(
    [...text.matchAll(/^RUN (.*)$/gm)].map(([, command]) => command),
    ['npm ci', 'npm run build', 'install --directory --owner=65534 --group=65534 /data'],
  );
  assert.match(text, /^RUN install .* \/data\nUSER 65534:65534\nWORKDIR \/data$/m, 'the store can be written where the program starts');
  assert.doesNotMatch(text, /^VOLUME/m, 'a volume of the container alone would pass for one that stays');
  assert.match(text, /^ENTRYPOINT \["node", "\/app\/tocsin.js"\]$/m);
});

test('the bundle serves as nobody and takes flags without a command, as an image swap gives them', async () => {
  execFileSync('npm', ['run', '--silent', 'build', '--', `--outdir=${join(folder, 'app')}`], { cwd: root, stdio: 'inherit' });
  const data = join(folder, 'data');
  mkdirSync(data);
  cpSync(join(root, 'manifests/samples'), join(folder, 'samples'), { recursive: true });
  execFileSync('chmod', ['-R', 'a+rX', folder]);
  chmodSync(data, 0o700);
  if (isRoot) chownSync(data, NOBODY, NOBODY);
  const addresses = ['events', 'metrics', 'health', 'admin'].flatMap((name) => [`--${name}-addr`, '127.0.0.1:0']);
  const args = [
    join(folder, 'app/tocsin.js'),
    '--manifests',
    join(folder, 'samples'),
    ...addresses,
    '--receiverAddr=127.0.0.1:0',
    '--watch-all-namespaces=true',
  ];
  const child = spawn(process.execPath, args, {
    cwd: data,
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  });

  try {
    const listening = await firstLine(child.stdout, 'listening');
    const ready = await fetch(`http://${String(listening['health'])}/readyz?verbose`);
    const answer = await fetch(`http://${String(listening['events'])}/`, {
      method: 'POST',
      body: '{"involvedObject":{"kind":"Bucket","name":"a","namespace":"b"}}',
    });

    assert.equal(ready.status, 200);
    assert.equal(answer.status, 202);
    assert.match(answer.headers.get('tocsin-event') ?? '', /^[0-9a-f-]{36}$/);
  } finally {
    child.kill('SIGTERM');
  }
  const code = await new Promise((resolve) => child.once('exit', resolve));
  assert.equal(code, 0);
});

async function firstLine(stream: NodeJS.ReadableStream, message: string): Promise<Record<string, unknown>> {
  for await (const line of createInterface({ input: stream })) {
    const parsed = JSON.parse(line) as Record<string, unknown>;
    if (parsed['msg'] === message) return parsed;
  }
  throw new Error(`the program ended before it said "${message}"`);
}
