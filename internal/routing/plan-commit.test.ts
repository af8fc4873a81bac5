// What is owed to commits, by the annotations of the Provider.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import github from '../../providers/github/github.provider.ts';
import azuredevops from '../../providers/azuredevops/azuredevops.provider.ts';
import { toLabels, toMetadata, toTestEvent, toTestRoute, toTestTarget } from '../../test/support/routing.ts';
import type { ProviderDefinition } from '../sdk/provider.ts';
import type { PlannedDelivery } from '../outbox/store.ts';
import { decide } from './decide.ts';
import { emptySnapshot, nextSnapshot } from './snapshot.ts';

const GROUP = 'kustomize.toolkit.fluxcd.io';
const SHA = '5394cb7f48332b2de7c17dd8b8384bbc84b7e738';
const REPOSITORY = 'newest|https://api.github.com|example/fleet';
const PENDING = { 'tocsin.dev/pending-status': 'enabled' };
const WHOLE = { 'tocsin.dev/aggregate': 'enabled' };
const ONLY = { 'tocsin.dev/aggregate': 'only' };

interface Question {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly flux?: { readonly reason?: string; readonly severity?: string };
  readonly revision?: string;
  readonly summary?: string;
  readonly definition?: ProviderDefinition;
  readonly address?: string;
}

function plan({ annotations = {}, flux = {}, revision = `main@sha1:${SHA}`, summary, ...rest }: Question): readonly PlannedDelivery[] {
  const { definition = github, address = 'https://github.com/Example/Fleet.git' } = rest;
  const own = summary === undefined ? {} : { [`${GROUP}/summary`]: summary };
  const metadata = toMetadata({ [`${GROUP}/revision`]: revision, [`${GROUP}/commit_status`]: 'update', ...own });
  const event = toTestEvent({ flux: { metadata, ...flux } });
  const target = toTestTarget('provider', { type: definition.type, definition, annotations, spec: { type: definition.type, address } });
  const changes = { upsertRoutes: [toTestRoute('fleet')], removeRoutes: [], upsertTargets: [target], removeTargets: [] };
  return decide(event, nextSnapshot(emptySnapshot(), changes), { labels: toLabels(), noCrossNamespaceRefs: false }).deliveries;
}

/** `context policy word-state` of each delivery. */
function told(deliveries: readonly PlannedDelivery[]): readonly string[] {
  return deliveries.map(({ statusId, lane, tally }) => {
    const counted = tally === undefined ? 'uncounted' : `${tally.speaksFor} ${tally.isOpen ? 'open' : 'settled'}`;
    return `${statusId} ${lane.policy} ${counted}`;
  });
}

const OBJECT = 'kustomization/foo/uid';
const ROWS: readonly { name: string; question: Question; want: readonly string[] }[] = [
  { name: 'as Flux', question: {}, want: [`${OBJECT} newest uncounted`] },
  { name: 'progress as Flux', question: { flux: { reason: 'Progressing' } }, want: [`${OBJECT} ordered uncounted`] },
  { name: 'pending', question: { annotations: PENDING }, want: [`${OBJECT} newest member settled`] },
  {
    name: 'progress that is shown',
    question: { annotations: PENDING, flux: { reason: 'Progressing' } },
    want: [`${OBJECT} newest member open`],
  },
  { name: 'beside', question: { annotations: WHOLE }, want: [`${OBJECT} newest member settled`, 'flux/fleet newest lane settled'] },
  {
    name: 'progress of the whole only',
    question: { annotations: WHOLE, flux: { reason: 'Progressing' } },
    want: [`${OBJECT} ordered uncounted`, 'flux/fleet newest lane open'],
  },
  { name: 'only', question: { annotations: ONLY }, want: ['flux/fleet newest lane settled'] },
  {
    name: 'what waits is open, although Flux calls it a success',
    question: { annotations: ONLY, flux: { reason: 'DependencyNotReady' } },
    want: ['flux/fleet newest lane open'],
  },
  {
    name: 'no commit, which the status of the object tells',
    question: { annotations: ONLY, revision: 'latest@sha256:1' },
    want: [`${OBJECT} ordered uncounted`],
  },
  {
    name: 'no verdict',
    question: { annotations: ONLY, flux: { severity: 'trace' } },
    want: [`${OBJECT} newest uncounted`],
  },
];

for (const { name, question, want } of ROWS) {
  test(`owed to commits: ${name}`, () => {
    assert.deepEqual(told(plan(question)), want);
  });
}

test('the lane of a whole commit, and what follows what', () => {
  const [, whole] = plan({ annotations: WHOLE });
  const [, newer] = plan({ annotations: WHOLE, revision: `main@sha1:${'a'.repeat(40)}` });

  assert.equal(whole?.lane.key, `${REPOSITORY}|${SHA}|flux/fleet`);
  assert.equal(whole?.tally?.series, 'series|https://api.github.com|example/fleet|flux/fleet');
  assert.equal(whole.tally.series, newer?.tally?.series);
  assert.deepEqual([whole.tally.revision, newer?.tally?.revision], [SHA, 'a'.repeat(40)]);
  assert.equal(whole.tally.member, 'object||Kustomization|foo-ns|foo');
});

test('the whole commit is one status, whatever tells its objects apart', () => {
  const address = 'https://dev.azure.com/example/platform/_git/fleet';
  const lanes = ['staging', 'production'].map((summary) => plan({ annotations: WHOLE, definition: azuredevops, address, summary }));

  const [first, second] = lanes.map((deliveries) => deliveries.map(({ lane }) => lane.key));

  assert.notEqual(first?.[0], second?.[0]);
  assert.equal(first?.[1], second?.[1]);
});

test('an address in a Secret is counted by its Provider', () => {
  const [whole] = plan({ annotations: ONLY, address: '' });

  assert.equal(whole?.lane.key, `newest|provider|foo-ns/provider|${SHA}|flux/fleet`);
});
