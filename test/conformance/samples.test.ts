// The sample events are what Flux's controllers send, and the set shows every kind of answer that the demo is to show.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { combineMetadata } from '../../internal/enrich/metadata.ts';
import type { FluxEvent } from '../../internal/event/event.ts';
import { projectFlux } from '../../internal/event/flux.ts';
import { groupOf } from '../../internal/event/metadata.ts';
import { commitHash, findRevision } from '../../internal/sdk/git/revision.ts';

const root = join(import.meta.dirname, '../..');
const events = globSync('manifests/sample-events/*.json', { cwd: root })
  .toSorted()
  .map((path) => ({ path, event: asSent(readFileSync(join(root, path), 'utf8')) }));

/** The event as a provider sees it. */
function asSent(body: string): FluxEvent {
  const event = projectFlux(body);
  const group = groupOf(event.involvedObject.apiVersion);
  return { ...event, metadata: combineMetadata({ event: event.metadata, group, route: {}, summary: '' }).metadata };
}

test('sample events are read as they stand', () => {
  assert.ok(events.length > 0);
  for (const { path, event } of events) {
    assert.ok(['info', 'error'].includes(event.severity), path);
    assert.ok(['apps', 'infra'].includes(event.involvedObject.namespace), path);
    assert.ok(event.timestamp !== null && event.message !== '' && event.reason !== '' && event.reportingController !== '', path);
    assert.ok(findRevision(event.metadata) !== undefined, path);
  }
});

test('sample events hold a success, a failure of many lines, progress, and commits', () => {
  const all = events.map(({ event }) => event);

  assert.ok(all.some((event) => event.severity === 'error' && event.message.split('\n').length > 3));
  assert.ok(all.some((event) => event.reason === 'Progressing'));
  assert.ok(all.filter((event) => commitHash(findRevision(event.metadata) ?? '') !== undefined).length >= 3);
  assert.ok(all.some((event) => event.involvedObject.namespace === 'infra' && event.severity === 'info'));
});
