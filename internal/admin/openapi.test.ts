import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENDPOINTS } from './endpoints.ts';
import { toOpenApi } from './openapi.ts';
import { PROBLEMS } from './problem.ts';

interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string; readonly requestBody?: unknown }>>>>;
  readonly components: { readonly schemas: object; readonly responses: object };
}

const text = toOpenApi();
const document = JSON.parse(text) as OpenApi;

test('the OpenAPI file has every endpoint and every code', () => {
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId));

  assert.equal(document.openapi, '3.1.0');
  assert.deepEqual(operations.toSorted(), Object.keys(ENDPOINTS).toSorted());
  assert.deepEqual(Object.keys(document.components.responses), Object.keys(PROBLEMS));
  assert.ok(document.paths['/api/v1/deliveries/replay']?.['post']?.requestBody);
  assert.ok(document.paths['/api/v1/events/{id}/explanation']?.['get']);
});

test('every reference in the OpenAPI file leads somewhere', () => {
  for (const [, kind, name] of text.matchAll(/"#\/components\/(\w+)\/([\w-]+)"/g)) {
    const found = document.components[kind as 'schemas' | 'responses'];
    assert.ok(Object.hasOwn(found, name ?? ''), `${kind}/${name}`);
  }
});
