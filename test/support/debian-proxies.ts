// The proxies that people run, from Debian: squid for HTTP and CONNECT, microsocks for SOCKS5. Both insist on a login.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort, isListening } from './free-port.ts';

const WAIT_MS = 20_000;

export interface Login {
  readonly username: string;
  readonly password: string;
}

export interface RunningProxy {
  readonly port: number;
  /** What it wrote about its requests so far. */
  readonly log: () => string;
  stop(): Promise<void>;
}

/** Squid in a folder of its own; `hosts` are names that nobody else knows, all of them this machine. */
export async function startSquid(login: Login, hosts: readonly string[]): Promise<RunningProxy> {
  const port = await findFreePort();
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-squid-'));
  const file = (name: string): string => join(folder, name);
  // Started by root it works as a user of its own.
  chmodSync(folder, 0o777);
  const hash = execFileSync('openssl', ['passwd', '-apr1', login.password], { encoding: 'utf8' }).trim();
  writeFileSync(file('users'), `${login.username}:${hash}\n`);
  writeFileSync(file('hosts'), `127.0.0.1 localhost ${hosts.join(' ')}\n`);
  const [helper = ''] = globSync('/usr/{lib,lib64,libexec}/squid/basic_ncsa_auth');
  writeFileSync(
    file('squid.conf'),
    `http_port 127.0.0.1:${port}
auth_param basic program ${helper} ${file('users')}
acl known proxy_auth REQUIRED
acl forbidden port 1
http_access deny forbidden
http_access allow known
http_access deny all
hosts_file ${file('hosts')}
access_log stdio:${file('access.log')} squid
cache_log ${file('cache.log')}
pid_filename none
cache deny all
cache_mem 8 MB
max_filedescriptors 1024
netdb_filename none
pinger_enable off
coredump_dir none
visible_hostname squid.test
shutdown_lifetime 0 seconds
`,
  );
  const child = spawn('squid', ['-N', '-f', file('squid.conf')], {
    stdio: 'ignore',
    env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` },
  });
  await untilListening(child, port, 'squid');
  return {
    port,
    log: () => (existsSync(file('access.log')) ? readFileSync(file('access.log'), 'utf8') : ''),
    stop: async () => {
      await stop(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A SOCKS5 proxy; it writes a line for each connection that it makes. */
export async function startMicrosocks(login: Login): Promise<RunningProxy> {
  const port = await findFreePort();
  const args = ['-i', '127.0.0.1', '-p', String(port), '-u', login.username, '-P', login.password];
  const child = spawn('microsocks', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const chunks: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  await untilListening(child, port, 'microsocks');
  return { port, log: () => Buffer.concat(chunks).toString(), stop: () => stop(child) };
}

async function untilListening(child: ChildProcess, port: number, name: string): Promise<void> {
  const ended = new AbortController();
  child.once('error', () => ended.abort()).once('exit', () => ended.abort());
  for (const endMs = Date.now() + WAIT_MS; Date.now() < endMs && !ended.signal.aborted; await sleep(20)) {
    if (await isListening(port)) return;
  }
  throw new Error(`${name} does not listen; it is the Debian package ${name}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(timer);
}
