// One small HTTP server for the probes and one for metrics.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RequestHandler } from './health.ts';

export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on an address; port 0 takes a free one. Rejects when the port is in use. */
export async function listen(handler: RequestHandler, address: { readonly host: string; readonly port: number }): Promise<Listening> {
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, handler);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: address.port, ...(address.host === '' ? {} : { host: address.host }) }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
