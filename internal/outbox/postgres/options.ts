// What opening the outbox on PostgreSQL takes.
import type { Project } from '../../event/event.ts';
import type { Clock, Random } from '../../sdk/ports.ts';

export interface PostgresOutboxOptions {
  /** `postgres://user:password@host:port/database?sslmode=verify-full&sslrootcert=/path`; several hosts are tried in turn. */
  readonly url: string;
  /** Rebuilds an event's Flux projection from its stored body. */
  readonly project: Project;
  /** For timers and durations alone; what is stored is timed by the database. */
  readonly clock: Clock;
  readonly random: Random;
  /** Taken when the URL names none; PGPASSWORD and a passfile come after it. */
  readonly password?: string;
  /** A file that holds the password, read at each connect, so that it may be changed; goes before `password`. */
  readonly passwordFile?: string;
  /** Where the tables are; made when it is missing. `tocsin` when absent. */
  readonly schema?: string;
  /** Appends are refused beyond; no limit when absent. */
  readonly maxBytes?: number;
  readonly keepDeliveredMs?: number;
  readonly keepDeadMs?: number;
  /** How long a connection may take to open; 5 s when absent. */
  readonly connectMs?: number;
  /** Told when the database cannot be reached any more, and when it answers again. */
  readonly onConnection?: (change: { readonly isConnected: boolean; readonly message: string }) => void;
}
