// A cluster that tests speak to as its administrator: objects, service accounts, kubectl.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Access, readKubeconfig, toKubeconfig } from './kubeconfig.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a pod of a service account would be given. */
export interface ServiceAccountAccess {
  readonly token: string;
  /** Path of a kubeconfig with the token. */
  readonly kubeconfig: string;
  /** A folder with `token`, `ca.crt` and `namespace`, as the kubelet mounts it into a pod. */
  readonly mounted: string;
}

const ANSWER_WITHIN_MS = 60_000;
const KUBECTL_WITHIN_MS = 300_000;
const TOKEN_SECONDS = 3_600;

export class Cluster {
  /** `https://host:port` */
  readonly url: string;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly #access: Access;
  readonly #directory = mkdtempSync(join(tmpdir(), 'tocsin-cluster-'));

  constructor(kubeconfig: string) {
    this.kubeconfig = kubeconfig;
    this.#access = readKubeconfig(kubeconfig);
    this.url = this.#access.url;
  }

  /** The authority's certificate as it is now, PEM. */
  ca(): string {
    return this.#access.ca();
  }

  /** Asks as the administrator; `path` begins with `/api`. Rejects only when no answer comes. */
  request(method: string, path: string, body?: object, contentType = 'application/json'): Promise<ApiAnswer> {
    const { credentials } = this.#access;
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = {
      Accept: 'application/json',
      'Content-Length': String(Buffer.byteLength(text)),
      ...(body === undefined ? {} : { 'Content-Type': contentType }),
      ...('token' in credentials ? { Authorization: `Bearer ${credentials.token}` } : {}),
    };
    const identity = 'token' in credentials ? {} : credentials;
    return new Promise((resolve, reject) => {
      const request = httpsRequest(new URL(path, this.url), { method, headers, agent: false, ca: this.ca(), ...identity }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: toValue(Buffer.concat(chunks).toString()) }));
      });
      request.setTimeout(ANSWER_WITHIN_MS, () => request.destroy(new Error(`no answer to ${method} ${path}`)));
      request.on('error', reject);
      request.end(text);
    });
  }

  /** Like `request`, and rejects unless the answer is a success. */
  async ask(method: string, path: string, body?: object, contentType?: string): Promise<unknown> {
    const answer = await this.request(method, path, body, contentType);
    if (answer.status < 300) return answer.body;
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  /** Makes a namespace unless it is there. */
  async namespace(name: string): Promise<void> {
    await this.#ensure('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }

  /** Makes the account unless it is there and asks for a token of it. */
  async serviceAccount(namespace: string, name: string): Promise<ServiceAccountAccess> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    await this.namespace(namespace);
    await this.#ensure(path, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } });
    const spec = { expirationSeconds: TOKEN_SECONDS };
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
    const { status } = (await this.ask('POST', `${path}/${name}/token`, request)) as { readonly status: { readonly token: string } };
    return this.#writeAccount(namespace, name, status.token);
  }

  /** Runs kubectl as the administrator; `-f -` reads the objects of `input`. */
  kubectl(words: readonly string[], input: readonly object[] | string = ''): Promise<KubectlResult> {
    const text = typeof input === 'string' ? input : JSON.stringify({ apiVersion: 'v1', kind: 'List', items: input });
    const options = { timeout: KUBECTL_WITHIN_MS, maxBuffer: 64 * 1024 * 1024 };
    return new Promise((resolve) => {
      const child = execFile('kubectl', ['--kubeconfig', this.kubeconfig, ...words], options, (error, stdout, stderr) => {
        resolve({
          code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1,
          stdout,
          stderr: stderr || (error?.message ?? ''),
        });
      });
      child.stdin?.end(text);
    });
  }

  /** Applies the objects with kubectl and rejects, with what it said, when it refuses one. */
  async apply(input: readonly object[] | string, words: readonly string[] = []): Promise<string> {
    const { code, stdout, stderr } = await this.kubectl(['apply', ...words, '-f', '-'], input);
    if (code !== 0) throw new Error(`kubectl apply: ${stderr}`);
    return stdout;
  }

  /** Removes the files of this object; the cluster stays as it is. */
  close(): Promise<void> {
    rmSync(this.#directory, { recursive: true, force: true });
    return Promise.resolve();
  }

  async #ensure(path: string, object: object): Promise<void> {
    const { status, body } = await this.request('POST', path, object);
    if (status !== 201 && status !== 409) throw new Error(`POST ${path}: ${status} ${JSON.stringify(body)}`);
  }

  #writeAccount(namespace: string, name: string, token: string): ServiceAccountAccess {
    const mounted = join(this.#directory, `${namespace}.${name}`);
    const caFile = join(mounted, 'ca.crt');
    const kubeconfig = `${mounted}.kubeconfig`;
    mkdirSync(mounted, { recursive: true });
    writeFileSync(caFile, this.ca());
    writeFileSync(join(mounted, 'namespace'), namespace);
    // A kubelet lets the user of the pod read it; who else may is up to the folder around.
    writeFileSync(join(mounted, 'token'), token);
    writeFileSync(kubeconfig, toKubeconfig(this.url, caFile, { token }), { mode: 0o600 });
    return { token, kubeconfig, mounted };
  }
}

function toValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Health endpoints answer in plain text.
    return text;
  }
}
