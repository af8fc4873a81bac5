// Where the API server is, whom it has to believe us to be, and whom we believe. What lies in files is read again every minute,
// since kubelets rotate it, and at once when the API server refuses what it was shown.
import { createHash } from 'node:crypto';
import type { Clock } from '../sdk/ports.ts';

/** Where requests go, and by what they are let in. */
export interface ClusterAccess {
  /** `https://host:port`, with a path where the API lies below one. */
  readonly server: string;
  /** The namespace that the configuration names. */
  readonly namespace: string | undefined;
  credentials(): Promise<Credentials>;
  /** What was handed out last is no good: the next `credentials` reads anew. */
  refresh(): void;
}

/** What to present with a request, and how to reach the server. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly line: LineSettings;
}

/** What a connection is made of; another one means another connection. */
export interface LineSettings {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  readonly servername?: string;
  readonly isUnverified?: boolean;
  readonly proxyUrl?: string;
}

export interface AccessOptions {
  readonly clock: Clock;
  /** Keeps a credential out of everything that is written. */
  readonly conceal: (secret: string) => void;
}

const READ_EVERY_MS = 60_000;

/** Remembers what `read` gave for a minute; while reading fails, what was read last serves on. */
export function rememberCredentials(read: () => Promise<Credentials>, clock: Clock): Pick<ClusterAccess, 'credentials' | 'refresh'> {
  let last: Credentials | undefined;
  let isStaleAtMs = 0;
  let reading: Promise<Credentials> | undefined;

  const readAgain = async (): Promise<Credentials> => {
    try {
      last = await read();
    } catch (error) {
      if (last === undefined) throw error;
    } finally {
      reading = undefined;
    }
    isStaleAtMs = clock.monotonicMs() + READ_EVERY_MS;
    return last;
  };

  return {
    credentials: async () => {
      if (last !== undefined && clock.monotonicMs() < isStaleAtMs) return last;
      reading ??= readAgain();
      return reading;
    },
    refresh: () => {
      isStaleAtMs = 0;
    },
  };
}

/** Names settings without showing them. */
export function lineKey(line: LineSettings): string {
  const { ca, cert, key, passphrase, servername, isUnverified, proxyUrl } = line;
  return createHash('sha256')
    .update(JSON.stringify([ca, cert, key, passphrase, servername, isUnverified, proxyUrl]))
    .digest('base64');
}
