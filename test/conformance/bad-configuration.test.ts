// What becomes of a message when its Provider or Secret is wrong: run through the real chain, down to the transport that
// refuses every address, and compared with the table beside this file. To write it anew, and read what changed:
// node test/conformance/bad-configuration.test.ts --update
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inspect } from 'node:util';
import { catalog } from '../../internal/catalog/catalog.ts';
import type { FluxEvent } from '../../internal/event/event.ts';
import { parseEgress } from '../../internal/transport/egress.ts';
import { createTransport } from '../../internal/transport/transport.ts';
import { ManualClock } from '../support/clock.ts';
import { attemptOnce } from '../support/provider-chain.ts';
import { type BadConfiguration, badConfigurations, CANARY } from './bad-configuration.ts';

const FILE = join(import.meta.dirname, 'bad-configuration.tsv');
const HEAD = ['fault', 'outcome', 'types'].join('\t');
const MIN_SECRET_CHARS = 8;
const isUpdate = process.argv.includes('--update');

/** Every name leads to an address, every address is refused: an attempt gets as far as it would, and no further. */
const transport = createTransport({
  environment: {},
  egress: parseEgress({ deny: ['0.0.0.0/0', '::/0'], allow: [], denyLoopback: true }),
  ownListeners: () => [],
  clock: new ManualClock(),
  lookup: (_host, _options, callback) => callback(null, [{ address: '192.0.2.1', family: 4 }]),
});
after(() => transport.close());

const rows = new Map<string, Set<string>>();

for (const type of catalog.types.toSorted()) {
  const definition = catalog.get(type);
  if (definition === undefined) continue;

  test(`${type}: a wrong configuration waits for a person, and shows no secret`, async () => {
    for (const example of definition.examples) {
      const usual = await outcomeOf({ fault: 'none', spec: example.spec, secret: example.secret }, example.event);
      for (const bad of badConfigurations(definition, example)) {
        const outcome = await outcomeOf(bad, example.event);
        note(`${bad.fault}\t${outcome === usual ? 'as without it' : outcome}`, type);
      }
    }
  });
}

test('every wrong configuration has the outcome that the table says', () => {
  if (isUpdate) writeFileSync(FILE, toTable(rows));
  const table = fromTable(readFileSync(FILE, 'utf8'));
  // A type that is new needs no edit here: it keeps the promises above, and the next update writes down how.
  const known = new Set([...table.values()].flatMap((types) => [...types]));
  const kept = [...rows].map(([row, types]) => [row, new Set([...types].filter((type) => known.has(type)))] as const);

  assert.equal(toTable(new Map(kept.filter(([, types]) => types.size > 0))), toTable(table));
});

function toTable(outcomes: ReadonlyMap<string, ReadonlySet<string>>): string {
  return [HEAD, ...[...outcomes].map(([row, types]) => `${row}\t${[...types].join(' ')}`).toSorted(), ''].join('\n');
}

function fromTable(text: string): ReadonlyMap<string, ReadonlySet<string>> {
  const lines = text.trimEnd().split('\n').slice(1);
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf('\t')), new Set(line.slice(line.lastIndexOf('\t') + 1).split(' '))]));
}

async function outcomeOf({ fault, spec, secret }: BadConfiguration, event: FluxEvent): Promise<string> {
  const name = (spec['secretRef'] as { readonly name: string } | undefined)?.name;
  const secrets = name === undefined || secret === undefined ? {} : { [name]: secret };
  const settled = await attemptOnce({ spec, secrets, event }, transport);
  if ('refusal' in settled) return `refused: ${settled.refusal}`;
  const { outcome } = settled;

  assert.ok(outcome.kind === 'deferred' && outcome.until === 'target-change', `${fault}: ${inspect(outcome)}`);
  for (const value of [CANARY, ...Object.values(secret ?? {})]) {
    if (value.length >= MIN_SECRET_CHARS) assert.ok(!outcome.message.includes(value), `${fault}: ${outcome.message}`);
  }
  const asked = /requests to (\S+) are refused: /.exec(outcome.message)?.[1];
  if (asked !== undefined) return `asks ${asked}`;
  return `${outcome.reason}: ${outcome.message}`.replaceAll(`/${name}'`, "/<name>'").replaceAll(`"${name}"`, '"<name>"');
}

function note(row: string, type: string): void {
  rows.set(row, (rows.get(row) ?? new Set()).add(type));
}
