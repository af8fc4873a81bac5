// Inputs that nobody means to send and somebody will: for every provider, whatever it does.
import * as fc from 'fast-check';
import type { FluxEvent, Metadata } from '../../internal/event/event.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';

const COMMIT = '5394cb7f48332b2de7c17dd8b8384bbc84b7e738';
const MESSAGE_BYTES = 3 * 1024 * 1024;

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  // Half of a surrogate pair, as a careless cut leaves it.
  fc.constantFrom('\ud800', 'a\udc00b', '', '\u0000', '\r\nX-Injected: 1', '\u202e', '<!channel>', '${7*7}'),
);

/** A metadata record as events carry it: without a prototype. */
export function toMetadata(entries: Readonly<Record<string, string>> | readonly (readonly [string, string])[]): Metadata {
  const record = Object.create(null) as Record<string, string>;
  const pairs = Array.isArray(entries) ? (entries as readonly (readonly [string, string])[]) : Object.entries(entries);
  for (const [key, value] of pairs) record[key] = value;
  return record;
}

/** Any event that intake would let in, and some that it would not. */
export const anyEvent: fc.Arbitrary<FluxEvent> = fc
  .record({
    kind: text,
    namespace: text,
    name: text,
    severity: fc.oneof(fc.constantFrom('info', 'error'), text),
    timestamp: fc.constantFrom(null, '2026-01-02T03:04:05Z'),
    message: text,
    reason: fc.oneof(fc.constantFrom('Progressing', 'ReconciliationSucceeded'), text),
    pairs: fc.array(fc.tuple(fc.oneof(fc.constantFrom('revision', 'commit', '__proto__', 'constructor', 'summary'), text), text), {
      maxLength: 8,
    }),
    controller: text,
  })
  .map(({ kind, namespace, name, pairs, controller, ...event }) =>
    exampleEvent({
      ...event,
      involvedObject: { ...exampleEvent().involvedObject, kind, namespace, name },
      metadata: toMetadata(pairs),
      reportingController: controller,
    }),
  );

/** Texts as long as the event port lets through, made of what is hard to count and to cut. */
export const LONG_TEXTS: readonly { readonly name: string; readonly text: string }[] = [
  { name: 'one long line', text: 'x'.repeat(MESSAGE_BYTES) },
  { name: 'many lines', text: 'line\n'.repeat(MESSAGE_BYTES / 5) },
  { name: 'emoji of several code points', text: '👩‍👩‍👧‍👦'.repeat(MESSAGE_BYTES / 25) },
  { name: 'a letter under many accents', text: `e${'\u0301'.repeat(MESSAGE_BYTES / 2)}` },
  { name: 'characters of three bytes', text: '語'.repeat(MESSAGE_BYTES / 3) },
];

/** Events with metadata that is dangerous by its keys or its number. */
export const ODD_METADATA: readonly { readonly name: string; readonly event: FluxEvent }[] = [
  {
    name: 'keys of Object',
    event: exampleEvent({
      metadata: toMetadata([
        ['__proto__', 'a'],
        ['constructor', 'b'],
        ['toString', 'c'],
        ['commit', COMMIT],
      ]),
    }),
  },
  {
    name: '10,000 keys',
    event: exampleEvent({
      metadata: toMetadata(Array.from({ length: 10_000 }, (_, index) => [`key-${index}`, `value-${index}`] as const)),
    }),
  },
];

/** Everything that an event is made of at its longest at once, in characters that JSON writes with six. */
export function longestEvent(severity: string): FluxEvent {
  const long = '\u0001<語'.repeat(100_000);
  const pairs = Array.from({ length: 100 }, (_, index) => [`${index} ${long.slice(0, 1_500)}`, long.slice(0, 6_000)] as const);
  const involvedObject = { ...exampleEvent().involvedObject, kind: long, name: long, namespace: long, uid: long };
  return exampleEvent({ severity, message: long, reason: long, metadata: toMetadata(pairs), involvedObject, reportingController: long });
}
