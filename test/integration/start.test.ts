// Starting wrong: each fault ends the process with its exit code and one line that says what, where and what to do.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { PROGRAM, startProduct } from '../support/product.ts';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-start-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const manifests = join(folder, 'manifests');
mkdirSync(manifests);

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: '', ...env } });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output: Buffer.concat(chunks).toString() };
}

const anyPorts = ['--events-addr', '--receiverAddr', '--metrics-addr', '--health-addr', '--admin-addr'].flatMap((flag) => [
  flag,
  '127.0.0.1:0',
]);
const serve = (...args: string[]): string[] => [
  'serve',
  '--manifests',
  manifests,
  '--store',
  `sqlite:${join(folder, 'a.db')}`,
  ...anyPorts,
  ...args,
];

const newer = join(folder, 'newer.db');
const noFolder = join(folder, 'file');
writeFileSync(noFolder, '');

const faults: readonly { name: string; args: readonly string[]; env?: Record<string, string>; code: number; output: RegExp }[] = [
  { name: 'no manifests', args: ['serve'], code: 2, output: /--manifests DIR/ },
  { name: 'a folder and a cluster', args: serve('--kubeconfig', 'none'), code: 2, output: /not both/ },
  {
    name: 'a kubeconfig that is not there',
    args: ['serve', '--kubeconfig', join(folder, 'none'), '--store', `sqlite:${join(folder, 'k.db')}`, ...anyPorts],
    code: 1,
    output: /kubeconfig/,
  },
  {
    name: 'a folder that is not there',
    args: ['serve', '--manifests', join(folder, 'none'), '--store', `sqlite:${join(folder, 'b.db')}`, ...anyPorts],
    code: 1,
    output: /cannot read the manifests in .*none/,
  },
  { name: 'an unknown flag', args: serve('--colour'), code: 2, output: /unknown option '--colour'/ },
  { name: 'an unknown command', args: ['sing'], code: 2, output: /sing/ },
  {
    name: 'a default account without its gate',
    args: serve('--default-service-account=builder'),
    code: 1,
    output: /needs --feature-gates=ObjectLevelWorkloadIdentity=true/,
  },
  { name: 'an unknown feature gate', args: serve('--feature-gates=Magic=true'), code: 2, output: /no feature gate "Magic"/ },
  { name: 'a store of another kind', args: ['serve', '--manifests', manifests, '--store', 'redis:x'], code: 2, output: /sqlite:PATH/ },
  {
    name: 'a store below a file',
    args: ['serve', '--manifests', manifests, '--store', `sqlite:${join(noFolder, 'x.db')}`, ...anyPorts],
    code: 1,
    output: /store/,
  },
  {
    name: 'a file that is no store',
    args: ['serve', '--manifests', manifests, '--store', `sqlite:${PROGRAM}`, ...anyPorts],
    code: 1,
    output: /tocsin\.ts/,
  },
  {
    name: 'a store of a newer version',
    args: ['serve', '--manifests', manifests, '--store', `sqlite:${newer}`, ...anyPorts],
    code: 1,
    output: /newer/,
  },
  {
    name: 'certificates that are not there',
    args: serve(),
    env: { SSL_CERT_FILE: join(folder, 'no.pem') },
    code: 1,
    output: /SSL_CERT_FILE/,
  },
  { name: 'an egress rule that is none', args: serve('--egress-deny=10.0.0.0/99'), code: 1, output: /10\.0\.0\.0\/99/ },
];

test('a store of a newer version is made by this one first', async () => {
  const product = await startProduct({ manifests: [manifests], store: newer, logFile: join(folder, 'newer.log') });
  await product.stop();
  const database = new DatabaseSync(newer);
  database.exec("PRAGMA user_version = 999; UPDATE meta SET value = '999' WHERE key = 'min_reader'");
  database.close();

  assert.equal(statSync(newer).mode & 0o777, 0o600);
});

for (const { name, args, env, code, output } of faults) {
  test(`start refused: ${name}`, async () => {
    const ended = await run(args, env);

    assert.match(ended.output, output);
    assert.equal(ended.code, code);
    assert.doesNotMatch(ended.output, /\n\s+at /, 'no stack for what a person can mend');
  });
}

for (const [flag, name] of [
  ['--events-addr', 'events'],
  ['--metrics-addr', 'metrics'],
  ['--admin-addr', 'admin'],
] as const) {
  test(`start refused: the port of ${name} is in use`, async () => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => occupant.once('listening', resolve));
    const address = occupant.address();
    const port = typeof address === 'object' && address ? address.port : 0;

    const ended = await run(serve(flag, `127.0.0.1:${port}`));
    occupant.close();

    assert.equal(ended.code, 1);
    assert.match(ended.output, new RegExp(flag));
    assert.match(ended.output, new RegExp(String(port)));
  });
}

test('commands that ask say what to do when nobody answers', async () => {
  const token = join(folder, 'lonely.db.admin-token');
  writeFileSync(token, 'x\n');

  const noToken = await run(['deliveries', '--store', `sqlite:${join(folder, 'nothing.db')}`]);
  const noServer = await run(['deliveries', '--store', `sqlite:${join(folder, 'lonely.db')}`, '--admin-addr', '127.0.0.1:1']);

  assert.deepEqual([noToken.code, noServer.code], [1, 1]);
  assert.match(noToken.output, /cannot read the admin token/);
  assert.match(noServer.output, /no server answers at 127\.0\.0\.1:1/);
});
