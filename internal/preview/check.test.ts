// Checking a Provider: what is asked, what is never asked, and what is said of the answers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../test/support/clock.ts';
import { createScriptedTransport, hang, type Script, toAnswer } from '../../test/support/scripted-transport.ts';
import { toDefinition, toTestTarget } from '../../test/support/routing.ts';
import { TransportError } from '../sdk/http.ts';
import { exampleEvent } from '../sdk/example-event.ts';
import { ConfigFault, type ProviderDefinition, type ProviderExample, type ResolvedConfig } from '../sdk/provider.ts';
import { createRedactor } from '../telemetry/redactor.ts';
import { createLogger } from '../telemetry/logger.ts';
import { checkTarget } from './check.ts';

const CANARY = 'canary-value-19ce';
const CONFIG: ResolvedConfig = {
  address: `https://hooks.example.com/services/${CANARY}`,
  channel: '',
  username: '',
  password: '',
  token: CANARY,
  headers: {},
  secret: {},
  annotations: {},
};

const EXAMPLE: ProviderExample = { title: 'Example', spec: { type: 'test' }, event: exampleEvent() };

/** A type that renders nothing beforehand. */
function toConversation(send: NonNullable<ProviderDefinition['send']>): ProviderDefinition {
  const { render: _, ...definition } = toDefinition();
  return { ...definition, examples: [EXAMPLE], send };
}

/** A whole definition stands for itself. */
function completed(definition: Partial<ProviderDefinition>): ProviderDefinition {
  return isWhole(definition) ? definition : toDefinition({}, definition);
}

function isWhole(definition: Partial<ProviderDefinition>): definition is ProviderDefinition {
  return definition.type !== undefined;
}

interface Case {
  readonly name: string;
  readonly definition?: Partial<ProviderDefinition> | null;
  readonly config?: Partial<ResolvedConfig>;
  readonly script?: Script;
  readonly resolve?: Error;
  readonly want: readonly string[];
  readonly says?: RegExp;
  readonly asked?: readonly string[];
}

const HEAD = 'HEAD https://hooks.example.com/';
const CASES: readonly Case[] = [
  {
    name: 'any answer is a connection',
    script: () => toAnswer(405),
    want: ['configuration fine', 'connection fine', 'credentials not tried'],
    says: /405 to HEAD \/\), its certificate is trusted/,
    asked: [HEAD],
  },
  {
    name: 'no connection ends it',
    definition: { check: async () => ({ kind: 'delivered' }) },
    script: () => {
      throw new TransportError('network', 'getaddrinfo ENOTFOUND hooks.example.com');
    },
    want: ['configuration fine', 'connection failed network'],
    says: /ENOTFOUND/,
    asked: [HEAD],
  },
  {
    name: 'a server that never answers',
    script: (_request, signal) => hang(signal),
    want: ['configuration fine', 'connection failed timeout'],
  },
  { name: 'an unknown type', definition: null, want: ['configuration failed config'], asked: [] },
  {
    name: 'a missing Secret',
    resolve: new ConfigFault('no Secret apps/hook'),
    want: ['configuration failed config'],
    says: /no Secret apps\/hook/,
    asked: [],
  },
  {
    name: 'an address that the type refuses',
    definition: {
      examples: [EXAMPLE],
      render: ({ config }) => {
        throw new ConfigFault(`invalid hook URL: ${config.address}`);
      },
    },
    want: ['configuration failed config'],
    says: /invalid hook URL: https:\/\/hooks\.example\.com\/services\/\*{5}/,
    asked: [],
  },
  {
    name: 'an address that no request can go to',
    definition: { examples: [EXAMPLE], render: () => [{ method: 'POST', url: 'hooks.example.com', headers: [] }] },
    want: ['configuration failed config'],
    says: /the address cannot be read/,
    asked: [],
  },
  {
    name: 'a conversation in which the type refuses its configuration',
    definition: toConversation(async () => ({
      kind: 'deferred',
      reason: 'config',
      message: 'there is no token',
      until: 'target-change',
    })),
    want: ['configuration failed config'],
    says: /there is no token/,
    asked: [],
  },
  {
    name: 'a conversation that made-up answers end early',
    definition: toConversation(async () => {
      throw new RangeError('an answer that nobody gives');
    }),
    want: ['configuration fine', 'connection fine', 'credentials not tried'],
  },
  {
    name: 'variables of the process that the type declares',
    definition: { check: async ({ environment }) => ({ kind: 'delivered', note: `asked ${environment?.['FORGE_API']}` }) },
    want: ['configuration fine', 'connection fine', 'credentials fine'],
    says: /asked https:\/\/forge\.example\.com/,
  },
  {
    name: 'a variable of the process that cannot be used',
    definition: toConversation(async (_, { environment }) => {
      throw new ConfigFault(`nothing is at ${environment?.['FORGE_API']}`);
    }),
    want: ['configuration failed config'],
    says: /nothing is at https:\/\/forge\.example\.com/,
    asked: [],
  },
  {
    name: 'credentials that work',
    definition: { check: async () => ({ kind: 'delivered', note: `signed in as ${CANARY}` }) },
    want: ['configuration fine', 'connection fine', 'credentials fine'],
    says: /signed in as \*{5}/,
  },
  {
    name: 'credentials that are refused',
    definition: { check: async () => ({ kind: 'deferred', reason: 'auth', message: `bad token ${CANARY}`, until: 'target-change' }) },
    want: ['configuration fine', 'connection fine', 'credentials failed auth'],
    says: /bad token \*{5}/,
  },
  {
    name: 'an address that takes nothing but messages',
    definition: { check: async () => undefined },
    want: ['configuration fine', 'connection fine', 'credentials not tried'],
  },
  {
    name: 'a check that throws what a person must mend',
    definition: {
      check: async () => {
        throw new ConfigFault('there is no token');
      },
    },
    want: ['configuration fine', 'connection fine', 'credentials failed config'],
  },
  {
    name: 'a check with a bug',
    definition: {
      check: async () => {
        throw new RangeError(CANARY);
      },
    },
    want: ['configuration fine', 'connection fine', 'credentials failed bug'],
  },
  {
    name: 'a token is bought anew and never shown',
    definition: {
      check: async (context) => {
        const value = await context.token('key', async () => ({ value: 'bought-token-4711', expiresAtMs: 0 }));
        return { kind: 'rejected', reason: 'auth', message: `not with ${value}` };
      },
    },
    want: ['configuration fine', 'connection fine', 'credentials failed auth'],
    says: /not with \*{5}/,
  },
  {
    name: 'a session that nobody answers',
    definition: toDefinition({ transport: 'session' }),
    config: { address: 'nats://example.com:4222' },
    want: ['configuration fine', 'connection failed network'],
    asked: [],
  },
  {
    name: 'an address without a port',
    definition: toDefinition({ transport: 'session' }),
    config: { address: 'nats://example.com' },
    want: ['configuration fine', 'connection not tried', 'credentials not tried'],
    asked: [],
  },
];

for (const { name, definition = {}, config = {}, script = () => toAnswer(200), resolve, want, says, asked } of CASES) {
  test(`check: ${name}`, async () => {
    const clock = new ManualClock();
    const redactor = createRedactor();
    const transport = createScriptedTransport(script);
    const target = toTestTarget('hook', { definition: definition === null ? null : completed(definition), timeoutMs: 5000 });
    const checking = checkTarget(target, {
      resolve: async () => {
        redactor.add(CANARY);
        if (resolve !== undefined) throw resolve;
        return { config: { ...CONFIG, ...config }, connection: { pool: target.key, concurrency: 1 } };
      },
      transport,
      redactor,
      tokens: () => Promise.reject(new TypeError('the cache is not to be used')),
      environment: { FORGE_API: 'https://forge.example.com' },
      clock,
      log: createLogger({ level: 'error', encoding: 'json', redactor, clock, write: () => undefined }),
    });
    await new Promise((settled) => setImmediate(settled));
    clock.advance(5000);

    const report = await checking;

    assert.deepEqual(
      report.steps.map(({ step, result, reason }) => [step, result, ...(reason === undefined ? [] : [reason])].join(' ')),
      want,
    );
    assert.equal(report.isFine, !want.some((step) => step.includes('failed')));
    if (says !== undefined) assert.match(JSON.stringify(report), says);
    if (asked !== undefined)
      assert.deepEqual(
        transport.requests.map(({ method, url }) => `${method} ${url}`),
        asked,
      );
    assert.ok(!JSON.stringify(report).includes(CANARY));
  });
}
