// The details link of a commit status on every forge that has one: told once, told again when it changed, and no reason to
// overwrite somebody else's where the Provider asks for none.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { catalog } from '../../internal/catalog/catalog.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { ConfigFault } from '../../internal/sdk/provider.ts';
import { WORLD_FORGES } from '../support/commit-forges.ts';
import { createBench, toRenderInput, toResponse } from '../support/provider-run.ts';
import { SHA } from '../support/status-forge.ts';

const CONTEXT = 'kustomization/webapp/0c9c2e41';
const LINK = 'https://console.example.com/webapp';
const OTHER = 'https://ci.example.com/1';
const TEXT = 'reconciliation succeeded';
const KEY = createHash('sha1').update(CONTEXT).digest('hex');

interface LinkedForge {
  readonly type: string;
  /** The answer to the question for the statuses of the commit, of which one has this link. */
  readonly list: (link: string) => unknown;
  /** Where the link stands in a status that is written. */
  readonly field: string;
  readonly maxUrlChars?: number;
}

const FORGES: readonly LinkedForge[] = [
  {
    type: 'github',
    list: (link) => [{ context: CONTEXT, state: 'success', description: TEXT, target_url: link }],
    field: 'target_url',
  },
  {
    type: 'gitlab',
    list: (link) => [{ id: 1, sha: SHA, name: CONTEXT, status: 'success', description: TEXT, target_url: link }],
    field: 'target_url',
    maxUrlChars: 255,
  },
  {
    type: 'gitea',
    list: (link) => [{ id: 1, context: CONTEXT, status: 'success', description: TEXT, target_url: link }],
    field: 'target_url',
  },
  { type: 'bitbucket', list: (link) => ({ state: 'SUCCESSFUL', description: TEXT, url: link }), field: 'url' },
  {
    type: 'bitbucketserver',
    list: (link) => ({ key: KEY, state: 'SUCCESSFUL', description: TEXT, name: `kustomization/webapp [${TEXT}]`, url: link }),
    field: 'url',
    maxUrlChars: 450,
  },
  {
    type: 'azuredevops',
    list: (link) => ({
      value: [{ id: 1, context: { genre: 'fluxcd', name: CONTEXT }, state: 'succeeded', description: TEXT, targetUrl: link }],
    }),
    field: 'targetUrl',
  },
];

async function send({ type, list, field }: LinkedForge, { present, wanted }: { present: string; wanted?: string }) {
  const definition = catalog.get(type);
  const { address, token } = WORLD_FORGES.find((forge) => forge.type === type) ?? assert.fail(type);
  const bench = createBench((request) => {
    if (request.method === 'POST') return toResponse(201, {});
    // What is asked before the statuses of the commit is answered as in a preview.
    return toResponse(200, request.url.includes(SHA) ? list(present) : definition?.previewAnswer?.(request));
  });
  const input = toRenderInput({
    spec: { type, address },
    secret: { token },
    event: exampleEvent(),
    statusId: CONTEXT,
    ...(wanted === undefined ? {} : { targetUrl: wanted }),
  });
  await definition?.send?.(bench.context, input);
  const written = bench.requests
    .filter(({ method }) => method === 'POST')
    .map(({ body }) => JSON.parse(String(body)) as Record<string, string>);
  return written.map((body) => body[field]);
}

function linkOf(chars: number): string {
  return `https://console.example.com/${'x'.repeat(chars)}`.slice(0, chars);
}

test('every forge of commit statuses is here', () => {
  const types = catalog.types.filter((type) => catalog.get(type)?.capabilities.accepts.includes('commit-status'));

  assert.deepEqual(types.toSorted(), FORGES.map(({ type }) => type).toSorted());
});

for (const forge of FORGES) {
  test(`${forge.type}: a link that is there is not told again, and another one is`, async () => {
    assert.deepEqual(await send(forge, { present: LINK, wanted: LINK }), []);
    assert.deepEqual(await send(forge, { present: OTHER, wanted: LINK }), [LINK]);
    assert.deepEqual(await send(forge, { present: OTHER }), []);
  });

  test(`${forge.type}: a link that is too long is a fault of the Provider`, async () => {
    const longest = forge.maxUrlChars ?? 2_048;
    assert.deepEqual(await send(forge, { present: OTHER, wanted: linkOf(longest) }), [linkOf(longest)]);
    if (forge.maxUrlChars === undefined) return;

    const tooLong = send(forge, { present: OTHER, wanted: linkOf(longest + 1) });

    await assert.rejects(tooLong, (error) => error instanceof ConfigFault && error.message.includes('tocsin.dev/target-url'));
  });
}
