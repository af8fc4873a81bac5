// The accept port: every input, HTTP or pulled, hands its events to the core through this and translates the answer.
import type { Event } from '../event/event.ts';

export type Accepted =
  | { readonly outcome: 'accepted'; readonly eventId: string; readonly resetAtMs: number }
  | { readonly outcome: 'duplicate'; readonly eventId: string; readonly resetAtMs: number }
  /** Try again after `retryAfterMs` (at most 2 s); the store cannot take it, or too much is waiting. */
  | { readonly outcome: 'busy'; readonly retryAfterMs: number; readonly message: string }
  | { readonly outcome: 'invalid'; readonly message: string };

/** One answer per event, in order; resolves only when accepted events are durable. Never rejects. */
export type Accept = (events: readonly Event[]) => Promise<readonly Accepted[]>;
