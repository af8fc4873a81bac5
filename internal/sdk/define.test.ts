import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { defineProvider } from './define.ts';
import { exampleEvent } from './example-event.ts';
import type { ProviderDefinition } from './provider.ts';

const good: ProviderDefinition = {
  type: 'pigeon',
  title: 'Pigeon',
  category: 'webhook',
  summary: 'Sends a pigeon.',
  link: 'https://example.com/pigeons',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({ address: z.string().describe('Where it flies to.') }),
  secret: z.object({ token: z.string().optional().describe('What it carries around its leg.') }),
  capabilities: {
    accepts: ['event'],
    commitStatusUpdates: false,
    idempotency: 'none',
    backlog: 'latest',
    tlsFromSecret: false,
    passwordAsToken: false,
  },
  render: () => [],
  examples: [{ title: 'One', spec: { type: 'pigeon', address: 'https://a.example.com' }, event: exampleEvent() }],
};
const example = good.examples[0];
const { render: _, ...silent } = good;

test('a good definition comes back as it is', () => {
  assert.equal(defineProvider(good), good);
  assert.ok(Object.isFrozen(good));
});

const BAD: readonly { name: string; definition: ProviderDefinition; fault: RegExp }[] = [
  { name: 'type', definition: { ...good, type: 'Pigeon' }, fault: /type must be a lower-case id/ },
  { name: 'summary without full stop', definition: { ...good, summary: 'Sends a pigeon' }, fault: /summary must be one sentence/ },
  { name: 'link', definition: { ...good, link: 'example.com' }, fault: /link/ },
  { name: 'since', definition: { ...good, since: 'now' }, fault: /since/ },
  { name: 'no example', definition: { ...good, examples: [] }, fault: /an example is missing/ },
  { name: 'neither render nor send', definition: silent, fault: /exactly one of render and send/ },
  { name: 'both', definition: { ...good, send: async () => ({ kind: 'delivered' }) }, fault: /exactly one of render and send/ },
  {
    name: 'interpret beside send',
    definition: { ...silent, send: async () => ({ kind: 'delivered' }), interpret: () => undefined },
    fault: /interpret reads the answers of render only/,
  },
  { name: 'chat without limit', definition: { ...good, category: 'chat' }, fault: /limits must say how long/ },
  { name: 'incident without limit', definition: { ...good, category: 'incident' }, fault: /limits must say how long/ },
  {
    name: 'statuses without lane',
    definition: { ...good, capabilities: { ...good.capabilities, accepts: ['commit-status'] } },
    fault: /commit statuses need a lane/,
  },
  { name: 'accepts nothing', definition: { ...good, capabilities: { ...good.capabilities, accepts: [] } }, fault: /accepts is empty/ },
  { name: 'field without description', definition: { ...good, config: z.object({ address: z.string() }) }, fault: /config\.address needs/ },
  {
    name: 'key without sentence',
    definition: { ...good, secret: z.object({ token: z.string().describe('token') }) },
    fault: /secret\.token needs/,
  },
  { name: 'example of another type', definition: withExample({ spec: { type: 'dove', address: 'a' } }), fault: /another type/ },
  { name: 'example without a required field', definition: withExample({ spec: { type: 'pigeon' } }), fault: /spec\.address/ },
  {
    name: 'example with a foreign field',
    definition: withExample({ spec: { type: 'pigeon', address: 'a', channel: 'c' } }),
    fault: /spec\.channel is not used/,
  },
  { name: 'Secret without secretRef', definition: withExample({ secret: { token: 't' } }), fault: /belong together/ },
  {
    name: 'Secret with an unknown key',
    definition: withExample({ spec: { type: 'pigeon', address: 'a', secretRef: { name: 's' } }, secret: { tokn: 't' } }),
    fault: /tokn/,
  },
];

for (const { name, definition, fault } of BAD) {
  test(`a bad definition is refused: ${name}`, () => {
    assert.throws(
      () => defineProvider({ ...definition }),
      (error) => error instanceof TypeError && fault.test(error.message),
    );
  });
}

function withExample(changes: object): ProviderDefinition {
  return { ...good, examples: [{ ...example, ...changes } as ProviderDefinition['examples'][number]] };
}
