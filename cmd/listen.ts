// Listening with an error that names the flag.
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ListenAddress } from './flags.ts';

export interface Listener {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** The process cannot start as it was asked to; the message says what to change. */
export class StartupError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartupError';
  }
}

/** Serves `app` at the address; rejects with StartupError naming the flag when that is not possible. */
export async function listen(app: RequestListener, address: ListenAddress, flag: string): Promise<Listener> {
  const server = createServer(app);
  server.listen({ port: address.port, ...(address.host === '' ? {} : { host: address.host }) });
  await once(server, 'listening').catch((cause: unknown) => {
    throw toStartupError(cause, address, flag);
  });
  return {
    host: address.host,
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Says in words why an address cannot be listened on. */
function toStartupError(cause: unknown, { host, port }: ListenAddress, flag: string): StartupError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const place = `${host}:${port}`;
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `another process listens on ${place}; end it, or choose another address with ${flag}`,
    EACCES: `this user may not listen on ${place}; choose a port above 1023 with ${flag}`,
    EADDRNOTAVAIL: `this machine has no address ${host}; choose another with ${flag}`,
  };
  return new StartupError(
    reasons[code] ?? `cannot listen on ${place} (${flag}): ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause },
  );
}
