import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalog, toCatalog } from './catalog.ts';
import { crds } from './derive/crd.ts';
import { replaceBlock, toProviderBlock, toProviderIndex, toProviderTable } from './derive/docs.ts';
import { toEditorSchema } from './derive/editor-schema.ts';
import { fileFault, toProviderList, typeOfFile } from './derive/provider-list.ts';
import { allTypes, commitStatusTypes } from './derive/provider-types.ts';
import { providers } from './providers.gen.ts';

test('a type is found by its name only', () => {
  for (const type of catalog.types) assert.equal(catalog.get(type)?.type, type);
  assert.equal(catalog.get('constructor'), undefined);
  assert.equal(catalog.get(''), undefined);
});

test('two providers of one type are refused', () => {
  assert.throws(() => toCatalog([...providers, ...providers]), /share a type/);
});

test('the list imports every file under a name that JavaScript accepts, in order', () => {
  const text = toProviderList([
    { path: 'providers/generic/generic-hmac.provider.ts', type: 'generic-hmac' },
    { path: 'providers/incident/incident.io.provider.ts', type: 'incident.io' },
    { path: 'providers/generic/generic.provider.ts', type: 'generic' },
  ]);

  assert.match(text, /import genericHmac from '..\/..\/providers\/generic\/generic-hmac.provider.ts';/);
  assert.match(text, /\[generic, genericHmac, incidentIo\]/);
  assert.equal(typeOfFile('providers/incident/incident.io.provider.ts'), 'incident.io');
});

test('a file that is not named after its type, or exports nothing, is refused', () => {
  const [first] = providers;
  assert.ok(first);

  assert.equal(fileFault(`providers/a/${first.type}.provider.ts`, first), undefined);
  assert.match(fileFault('providers/a/other.provider.ts', first) ?? '', /must be named/);
  assert.match(fileFault('providers/a/other.provider.ts', undefined) ?? '', /default export is missing/);
});

test("a type that Flux does not know comes behind Flux's own, also where statuses are ruled", () => {
  const [first] = providers;
  assert.ok(first);
  const own = { ...first, type: 'pigeon', capabilities: { ...first.capabilities, accepts: ['commit-status' as const] } };

  assert.equal(allTypes([...providers, own]).at(-1), 'pigeon');
  assert.equal(new Set(allTypes(providers)).size, allTypes(providers).length);
  assert.equal(commitStatusTypes([own]).at(-1), 'pigeon');
  const [, provider] = crds([own]);
  assert.match(JSON.stringify(provider?.spec['x-kubernetes-validations']), /'azuredevops', 'pigeon'/);
});

test('a block is replaced between its markers and nowhere else', () => {
  const text = 'a\n<!-- gen:x -->\nold\n<!-- /gen -->\nb\n<!-- gen:y -->\n<!-- /gen -->\n';

  const replaced = replaceBlock(text, 'x', 'new');

  assert.equal(replaced, 'a\n<!-- gen:x -->\nnew\n<!-- /gen -->\nb\n<!-- gen:y -->\n<!-- /gen -->\n');
  assert.equal(replaceBlock(replaced ?? '', 'x', 'new'), replaced);
  assert.equal(replaceBlock(text, 'z', 'new'), undefined);
});

test('pages name every type, its fields and its keys', () => {
  const index = toProviderIndex(providers, new Map());
  const table = toProviderTable(providers);
  for (const definition of providers) {
    const block = toProviderBlock(definition);
    assert.ok(index.includes(definition.summary) && table.includes(`\`${definition.type}\``), definition.type);
    for (const name of [...Object.keys(definition.config.shape), ...Object.keys(definition.secret.shape)]) {
      assert.ok(block.includes(`| \`${name}\` |`), `${definition.type}: ${name}`);
    }
  }
});

test('editors are told of unknown fields at every depth, and of nothing that only an API server knows', () => {
  for (const crd of crds(providers)) {
    const text = toEditorSchema(crd, providers);
    const schema = JSON.parse(text) as { properties: { spec: { additionalProperties: unknown; properties: Record<string, unknown> } } };

    assert.equal(schema.properties.spec.additionalProperties, false, crd.kind);
    assert.doesNotMatch(text, /x-kubernetes/);
  }
  const [alert] = crds(providers);
  assert.ok(alert);
  assert.match(toEditorSchema(alert, providers), /"matchLabels": \{[^}]*"additionalProperties": \{\s*"type": "string"/);
});
