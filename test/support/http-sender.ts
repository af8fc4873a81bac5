// Sends one HTTP request on a connection of its own and gives back what came, whatever the method or the path is.
import { request as httpRequest } from 'node:http';
import type { HostPort } from './product.ts';

export interface SentRequest {
  readonly to: HostPort;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  readonly timeoutMs?: number;
}

export interface HttpAnswer {
  readonly status: number;
  /** As they came, names in their case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** Rejects when the connection fails or nothing comes in time. */
export function sendHttp({ to, method, path, headers, body, timeoutMs = 20_000 }: SentRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const length = { 'Content-Length': String(Buffer.byteLength(body)) };
    const request = httpRequest({ ...to, method, path, headers: { ...headers, ...length }, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const raw = response.rawHeaders;
        const pairs = raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : []));
        resolve({ status: response.statusCode ?? 0, headers: pairs, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
    request.setTimeout(timeoutMs, () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    request.on('error', reject);
    request.end(body);
  });
}
