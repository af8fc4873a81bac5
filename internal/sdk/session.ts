// A connection for protocols that are not HTTP. Opened by the transport alone, so that the egress guard, the Provider's proxy
// and its certificates hold for sessions as they do for requests.
import type { Duplex } from 'node:stream';

/** Where a session is opened: a name or an address without brackets. */
export interface SessionEndpoint {
  readonly host: string;
  readonly port: number;
}

/** An open connection; it is closed at the latest when the attempt ends. */
export interface Line {
  readonly stream: Duplex;
  /** Speaks TLS from here on; the other side must prove that it is the host. `stream` is not to be used any more. */
  startTls(): Promise<Duplex>;
}

/** Opens a connection; rejects with TransportError. */
export type Dial = (endpoint: SessionEndpoint) => Promise<Line>;
