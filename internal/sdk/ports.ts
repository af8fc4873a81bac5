// What parts of Tocsin take from outside instead of reaching for it: time, chance, logging.

/** Time, injected so that a test moves it by hand. */
export interface Clock {
  /** Wall time in milliseconds since the epoch. */
  nowMs(): number;
  /** Milliseconds that never go backwards, from an arbitrary start. */
  monotonicMs(): number;
  /** Calls back once after `delayMs`; the returned function cancels it. */
  schedule(delayMs: number, callback: () => void): () => void;
}

/** A number in [0, 1). */
export type Random = () => number;

/** Structured logging: the message is static text, everything that varies is a field. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  child(fields: LogFields): Logger;
}

export type LogFields = Readonly<Record<string, unknown>>;
