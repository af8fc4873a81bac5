import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseObjectName } from './event-input.ts';

const cases: readonly { readonly name: string; readonly text: string; readonly want: ReturnType<typeof parseObjectName> }[] = [
  { name: 'as Flux writes it', text: 'HelmRelease/apps/web', want: { kind: 'HelmRelease', namespace: 'apps', name: 'web' } },
  { name: 'in small letters', text: 'helmrelease/apps/web', want: { kind: 'HelmRelease', namespace: 'apps', name: 'web' } },
  { name: 'of a kind that is not Flux’s', text: 'rollout/apps/web', want: { kind: 'rollout', namespace: 'apps', name: 'web' } },
  { name: 'without a namespace', text: 'HelmRelease/web', want: undefined },
  { name: 'with a part too many', text: 'HelmRelease/apps/web/x', want: undefined },
  { name: 'with an empty part', text: 'HelmRelease//web', want: undefined },
];

for (const { name, text, want } of cases) test(`an object ${name}`, () => assert.deepEqual(parseObjectName(text), want));
