// A real kube-apiserver for tests. The files of one run share a cluster (test/cluster/shared.ts starts it); a test that
// crashes or rotates its server starts one of its own. It runs no controllers: a deleted namespace stays `Terminating`,
// nothing is garbage collected, and no pod ever runs.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ServerFiles, writeServerFiles } from './api-server-files.ts';
import { findApiServerProgram, hasApiServerProgram, logFileOf, type RunningProgram, type StartProgram } from './api-server-programs.ts';
import { Cluster } from './cluster.ts';
import { findFreePort } from './free-port.ts';
import { toKubeconfig } from './kubeconfig.ts';

/** Names the kubeconfig of a cluster that is there already. */
const KUBECONFIG = 'TOCSIN_TEST_KUBECONFIG';
const READY_WITHIN_MS = 90_000;

/** Why tests that need a cluster are skipped here, or false. In CI they never are: there the start fails instead. */
export function whyNoCluster(): string | false {
  return process.env[KUBECONFIG] === undefined ? whyNoApiServer() : false;
}

/** Why tests that need an API server of their own are skipped here, or false. */
export function whyNoApiServer(): string | false {
  if (process.env['CI'] === 'true' || hasApiServerProgram()) return false;
  return 'needs an API server: install Go, or let KUBEBUILDER_ASSETS name a folder with etcd and kube-apiserver';
}

/** The cluster that `TOCSIN_TEST_KUBECONFIG` names, as it does within a run; a server of one's own otherwise. */
export async function openCluster(): Promise<Cluster> {
  const kubeconfig = process.env[KUBECONFIG];
  return kubeconfig === undefined ? startApiServer() : new Cluster(kubeconfig);
}

/** Like `openCluster`; what this process and its children open from now on is the same cluster. */
export async function shareCluster(): Promise<Cluster> {
  const cluster = await openCluster();
  process.env[KUBECONFIG] = cluster.kubeconfig;
  return cluster;
}

/** Starts a server on an empty store. */
export async function startApiServer(): Promise<ApiServer> {
  const program = findApiServerProgram();
  if (program === undefined) throw new Error('there is no API server: install Go, or set KUBEBUILDER_ASSETS');
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-apiserver-'));
  const files = writeServerFiles(directory);
  const port = await findFreePort();
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, toKubeconfig(`https://127.0.0.1:${port}`, files.caFile, { token: files.adminToken }), { mode: 0o600 });
  const server = new ApiServer({ program, directory, files, port, kubeconfig });
  await server.restart();
  return server;
}

interface ServerParts {
  readonly program: StartProgram;
  readonly directory: string;
  readonly files: ServerFiles;
  readonly port: number;
  readonly kubeconfig: string;
}

/** A server of one's own, which may be disturbed. */
export class ApiServer extends Cluster {
  readonly #parts: ServerParts;
  #running: RunningProgram | undefined;

  constructor(parts: ServerParts) {
    super(parts.kubeconfig);
    this.#parts = parts;
  }

  /** Ends it as a crash would; the data stay. */
  async crash(): Promise<void> {
    await this.#running?.kill();
    this.#running = undefined;
  }

  /** Lets it stand still: it takes connections and answers nothing. */
  freeze(): void {
    this.#running?.freeze(true);
  }

  /** Lets it go on where it stood. */
  thaw(): void {
    this.#running?.freeze(false);
  }

  /** Starts it again on the same data and port. */
  async restart(): Promise<void> {
    await this.crash();
    const { program, directory, files, port } = this.#parts;
    this.#running = await program(directory, [...files.flags, ...flagsOf(port)]);
    await this.#untilReady(this.#running);
  }

  /** Undoes what `crash` and `freeze` did. */
  async revive(): Promise<void> {
    if (this.#running?.hasExited() === false) this.thaw();
    else await this.restart();
  }

  /** Path of a kubeconfig with a client certificate; the common name is the user. */
  clientCertificate(user: string): string {
    const { files, directory } = this.#parts;
    const kubeconfig = join(directory, `${user}.kubeconfig`);
    writeFileSync(kubeconfig, toKubeconfig(this.url, files.caFile, files.issueClient(user)), { mode: 0o600 });
    return kubeconfig;
  }

  /** Replaces the authority and the server's certificate; the running server takes them over soon. Returns the new authority, PEM. */
  rotateCertificates(): string {
    this.#parts.files.rotate();
    return this.ca();
  }

  override async close(): Promise<void> {
    await this.crash();
    await super.close();
    rmSync(this.#parts.directory, { recursive: true, force: true });
  }

  async #untilReady(running: RunningProgram): Promise<void> {
    const endMs = performance.now() + READY_WITHIN_MS;
    while (performance.now() < endMs && !running.hasExited()) {
      const answer = await this.request('GET', '/readyz').catch(() => undefined);
      if (answer?.status === 200) return;
      await sleep(50);
    }
    const log = readFileSync(logFileOf(this.#parts.directory), 'utf8');
    await this.close();
    throw new Error(`the API server does not become ready:\n${log.slice(-3_000)}`);
  }
}

function flagsOf(port: number): readonly string[] {
  return [
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    '--service-cluster-ip-range=10.96.0.0/16',
    // Loopback is no address for the endpoints of the service `kubernetes`.
    '--endpoint-reconciler-type=none',
  ];
}
