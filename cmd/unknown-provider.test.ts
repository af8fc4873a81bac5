import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeProviders, type ProviderName } from './unknown-provider.ts';

const toNames = (...names: readonly string[]): readonly ProviderName[] =>
  names.map((text) => {
    const [namespace = '', name = ''] = text.split('/');
    return { namespace, name };
  });
const [SLAK = { namespace: '', name: '' }] = toNames('apps/slak');
const NOTHING = 'there is no Provider apps/slak, and nothing that was owed to one is stored; there is';

const cases: readonly { readonly name: string; readonly known: readonly string[]; readonly want: string }[] = [
  { name: 'none', known: [], want: 'there is no Provider apps/slak: this server has none, or has not read its manifests yet' },
  { name: 'the nearest first', known: ['apps/hook', 'apps/slack', 'team/pager'], want: `${NOTHING} apps/slack, apps/hook, team/pager` },
  { name: 'the same name elsewhere', known: ['apps/hook', 'flux-system/slak'], want: `${NOTHING} flux-system/slak, apps/hook` },
  {
    name: 'some of many',
    known: Array.from({ length: 1_205 }, (_, index) => `apps/p${1_000 + index}`),
    want: `${NOTHING} apps/p1000, apps/p1001, apps/p1002, apps/p1003, apps/p1004 and 1,200 more`,
  },
];

for (const { name, known, want } of cases) {
  test(`which Providers there are: ${name}`, () => assert.equal(describeProviders(SLAK, toNames(...known)), want));
}
