// The proxy of HTTP_PROXY and HTTPS_PROXY: it leads every host to the case that it belongs to, told by host and path.
import type { CertificateAuthority } from '../support/certificates.ts';
import { Recorder } from './recorder.ts';
import { RecordingServer } from './recording-server.ts';
import { namespaceOf, type Vector } from './vector.ts';

export interface EnvironmentProxy {
  readonly port: number;
  /** From now on this case's fixed hosts lead to its recorder. */
  add(vector: Vector, recorder: Recorder): void;
  /** Requests that belong to no case. */
  readonly strays: Recorder;
  close(): void;
}

export async function openEnvironmentProxy(authority: CertificateAuthority): Promise<EnvironmentProxy> {
  const byRequest = new Map<string, Recorder>();
  const byNamespace = new Map<string, Recorder>();
  const byReply = new Map<string, Recorder | null>();
  const strays = new Recorder([{ method: '*', path: '*', status: 502 }]);
  const find = ({ host, path }: { readonly host: string; readonly path: string }): Recorder => {
    const segment = path.split('/').find((part) => byNamespace.has(part));
    const named = segment === undefined ? undefined : byNamespace.get(segment);
    return byRequest.get(`${host} ${path}`) ?? named ?? byReply.get(path) ?? strays;
  };
  const server = new RecordingServer({ authority, recordProxy: false, find });
  await server.listen(0);
  return {
    port: server.port,
    strays,
    add: (vector, recorder) => {
      byNamespace.set(namespaceOf(vector), recorder);
      for (const request of vector.expected.requests ?? []) {
        // What was recorded with a proxy of its own does not come this way.
        if (request.host !== '{{sink}}' && request.proxy === undefined) byRequest.set(`${request.host} ${request.path}`, recorder);
      }
      for (const { path } of vector.given.replies ?? []) {
        // A scripted path that several cases share does not say whose it is.
        const owner = byReply.get(path);
        byReply.set(path, owner === undefined || owner === recorder ? recorder : null);
      }
    },
    close: () => server.close(),
  };
}
