import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { cpuMs } from '../../../test/support/cpu-time.ts';
import { type Entry, fitMessage, type MessageLimits, type MessageParts, type MessageSource, sortedEntries } from './fit-message.ts';

const SOURCE: MessageSource = { name: 'kustomization/webapp.apps', message: 'applied', entries: [['revision', 'main']], precededBy: 0 };

const asText = ({ name, message, entries }: MessageParts) =>
  [name, message, ...entries.map(([key, value]) => `${key}=${value}`)].join('\n');

function fit(changes: Partial<MessageSource>, limits: Partial<MessageLimits> = {}, isTooLarge?: (text: string) => boolean): string {
  return fitMessage({
    source: { ...SOURCE, ...changes },
    limits: { totalChars: 1_000, ...limits },
    render: asText,
    ...(isTooLarge === undefined ? {} : { isTooLarge }),
  });
}

function manyEntries(count: number): readonly Entry[] {
  return Array.from({ length: count }, (_, index): Entry => [`key-${String(index).padStart(5, '0')}`, 'v']);
}

const bytes = (text: string) => Buffer.byteLength(JSON.stringify(text));

const CASES: readonly { name: string; got: string; want: string }[] = [
  { name: 'what fits is not touched', got: fit({}), want: 'kustomization/webapp.apps\napplied\nrevision=main' },
  {
    name: 'earlier messages are counted',
    got: fit({ precededBy: 1, entries: [] }),
    want: 'kustomization/webapp.apps\napplied\n(1 earlier message of this object ended unsent)',
  },
  {
    name: 'a cut message keeps the note',
    got: fit({ message: 'x'.repeat(99), precededBy: 12, entries: [] }, { messageChars: 60 }),
    want: `kustomization/webapp.apps\n${'x'.repeat(9)}…\n(12 earlier messages of this object ended unsent)`,
  },
  {
    name: 'too many keys are counted',
    got: fit({ name: 'n', message: 'm', entries: manyEntries(10) }, { entries: 3 }),
    want: 'n\nm\nkey-00000=v\nkey-00001=v\nmore=8 further keys are not shown',
  },
  {
    name: 'keys and values have limits of their own',
    got: fit({ name: 'n', message: 'm', entries: [['abcdef', 'ghijkl']] }, { keyChars: 4, valueChars: 5 }),
    want: 'n\nm\nabc…=ghij…',
  },
  {
    name: 'a long value stays whole where there is room',
    got: fit({ name: 'n', message: 'm', entries: [['a', 'v'.repeat(900)]] }),
    want: `n\nm\na=${'v'.repeat(900)}`,
  },
  {
    name: 'where there is none, values are cut before entries are left out',
    got: fit({
      name: 'n',
      message: 'm'.repeat(900),
      entries: [
        ['a', 'v'.repeat(900)],
        ['b', 'w'],
      ],
    }),
    want: `n\n${'m'.repeat(900)}\na=${'v'.repeat(61)}…\nb=w`,
  },
  {
    name: 'a link is left out whole',
    got: fit({ name: 'n', message: 'see the log at https://example.com/a/b/c for more', entries: [] }, { messageChars: 35 }),
    want: 'n\nsee the log at …',
  },
  {
    name: 'a link that ends where the cut is stays',
    got: fit({ name: 'n', message: 'see the log https://example.com/a and so on', entries: [] }, { messageChars: 34 }),
    want: 'n\nsee the log https://example.com/a…',
  },
  {
    name: 'a text that is all link is cut',
    got: fit({ name: 'n', message: `https://example.com/${'a'.repeat(99)}`, entries: [] }, { messageChars: 30 }),
    want: `n\nhttps://example.com/${'a'.repeat(9)}…`,
  },
  {
    name: 'an open fence is closed',
    got: fit({ name: 'n', message: `out:\n\`\`\`\n${'x'.repeat(99)}\n\`\`\``, entries: [] }, { messageChars: 30, closesFences: true }),
    want: `n\nout:\n\`\`\`\n${'x'.repeat(16)}…\n\`\`\``,
  },
  {
    name: 'a fence that was left open by the sender is not touched',
    got: fit({ name: 'n', message: '```', entries: [] }, { closesFences: true }),
    want: 'n\n```',
  },
];

for (const { name, got, want } of CASES) {
  test(`fitting a message: ${name}`, () => {
    assert.equal(got, want);
  });
}

test('a long message leaves metadata half of the room, and the other way round', () => {
  const parts = fitMessage({
    source: { ...SOURCE, message: 'm'.repeat(10_000), entries: manyEntries(100) },
    limits: { totalChars: 1_000 },
    render: (all) => all,
  });

  const metadataChars = parts.entries.join('').length;
  assert.ok(parts.message.length > 450 && metadataChars > 400, `${parts.message.length} and ${metadataChars}`);
  assert.match(parts.entries.at(-1)?.[1] ?? '', /^\d+ further keys are not shown$/);
});

test('whatever is measured fits, and most of the room is used', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 50 }),
      fc.array(fc.tuple(fc.string(), fc.string({ unit: 'grapheme' })), { maxLength: 20 }),
      fc.integer({ min: 0, max: 3 }),
      (unit, entries, precededBy) => {
        const text = fit({ message: unit.repeat(400), entries, precededBy }, { totalChars: 3_000 }, (sent) => bytes(sent) > 3_000);
        assert.ok(bytes(text) <= 3_000 && text.isWellFormed());
      },
    ),
    { numRuns: 100 },
  );
});

test('line ends alone cost no more than other characters', async () => {
  const message = `\`\`\`${'\n'.repeat(1_000_000)}`;

  const spentMs = await cpuMs(() => fit({ message }, { totalChars: 10_000, closesFences: true }, (text) => text.length > 9_000));

  assert.ok(spentMs < 1_000, `${spentMs} ms`);
});

test('entries stand in the byte order of their keys', () => {
  const entries = sortedEntries({ b: '1', '\uffff': '2', '😀': '3', B: '4' });

  assert.deepEqual(
    entries.map(([key]) => key),
    ['B', 'b', '\uffff', '😀'],
  );
});
