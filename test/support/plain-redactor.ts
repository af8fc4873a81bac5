// The Redactor port at its simplest, for tests of parts that must not import the real one.
import type { Redactor } from '../../internal/sdk/transport.ts';

/** Masks the values that it was given, in their raw form only. */
export function createRedactor(secrets: readonly string[] = []): Redactor {
  const known = new Set(secrets);
  return {
    add: (secret) => known.add(secret),
    redact: (text) => [...known].reduce((masked, secret) => masked.replaceAll(secret, '*****'), text),
  };
}
