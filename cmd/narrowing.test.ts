// What people write to say which deliveries or events they mean, as the API takes it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { type PageFlags, type PlaceFlags, toLimit, toNarrowing, withPageFlags, withPlaceFlags } from './narrowing.ts';

const NOW_MS = Date.UTC(2026, 0, 31, 15);
const HOUR_MS = 3_600_000;

function parse(...args: readonly string[]): Readonly<Record<string, unknown>> {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  withPlaceFlags(command, () => NOW_MS).parse(args, { from: 'user' });
  return Object.fromEntries(Object.entries(toNarrowing(command.opts<PlaceFlags>())).filter(([, value]) => value !== undefined));
}

const cases: readonly { readonly args: readonly string[]; readonly want: object }[] = [
  { args: [], want: {} },
  { args: ['--target', 'apps/slack', '--alert', 'apps/all'], want: { target: 'flux//apps/slack', route: 'flux//apps/all' } },
  { args: ['--event', 'x', '--reason', 'auth'], want: { event: 'x', reason: 'auth' } },
  { args: ['--object', 'Kustomization'], want: { kind: 'Kustomization' } },
  { args: ['--object', '*/apps'], want: { namespace: 'apps' } },
  { args: ['--object', 'Kustomization/*/web'], want: { kind: 'Kustomization', name: 'web' } },
  { args: ['--object', 'Kustomization/apps/web'], want: { kind: 'Kustomization', namespace: 'apps', name: 'web' } },
  { args: ['--since', '90m'], want: { youngerThanMs: 1.5 * HOUR_MS } },
  { args: ['--since', '7d', '--until', '2h'], want: { youngerThanMs: 168 * HOUR_MS, olderThanMs: 2 * HOUR_MS } },
  { args: ['--older-than', '30m'], want: { olderThanMs: HOUR_MS / 2 } },
  { args: ['--since', '2026-01-31T14:00:00Z'], want: { youngerThanMs: HOUR_MS } },
  { args: ['--until', '2026-01-31'], want: { olderThanMs: 15 * HOUR_MS } },
];

for (const { args, want } of cases) test(`narrowing: ${args.join(' ')}`, () => assert.deepEqual(parse(...args), want));

const refusals: readonly { readonly args: readonly string[]; readonly says: RegExp }[] = [
  { args: ['--target', 'slack'], says: /write namespace\/name/ },
  { args: ['--alert', 'a/b/c'], says: /write namespace\/name/ },
  { args: ['--object', '*'], says: /name a kind, namespace or name/ },
  { args: ['--object', 'a/b/c/d'], says: /write Kind\/namespace\/name/ },
  { args: ['--since', '5'], says: /write 30m, 2h or 7d, or a moment/ },
  { args: ['--since', '-5m'], says: /lies in the future/ },
  { args: ['--since', '2026-13-01'], says: /write a moment/ },
  { args: ['--reason', 'x'], says: /Allowed choices/ },
];

for (const { args, says } of refusals) {
  test(`narrowing refuses: ${args.join(' ')}`, () =>
    assert.throws(() => parse(...args), { code: 'commander.invalidArgument', message: says }));
}

test('a limit of 0 is none', () => {
  const limits = [[], ['--limit', '7'], ['--limit', '0']].map((args) => {
    const command = withPageFlags(new Command()).parse(args, { from: 'user' });
    return toLimit(command.opts<PageFlags>());
  });

  assert.deepEqual(limits, [50, 7, Number.POSITIVE_INFINITY]);
});
