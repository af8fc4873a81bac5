// Messages that are hardly any, and texts that are not what they look like: every type says them as they are. And where a
// message takes two requests, the first is not repeated because the second failed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { catalog } from '../../internal/catalog/catalog.ts';
import type { FluxEvent } from '../../internal/event/event.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import type { HttpRequest } from '../../internal/sdk/http.ts';
import { ConfigFault, type ProviderDefinition } from '../../internal/sdk/provider.ts';
import { toLease, toResolved, toTarget } from '../support/deliveries.ts';
import { createHarness } from '../support/engine.ts';
import { createBench, toRenderInput, toResponse } from '../support/provider-run.ts';
import { toAnswer } from '../support/scripted-transport.ts';
import { settleDown } from '../support/until.ts';

const STATUS_ID = 'kustomization/webapp/0c9c2e41';
const PLAIN = 'a plain sentence';
const ODD_TEXTS = [
  { name: 'only a code fence', text: '```\nkubectl get pods\n```' },
  { name: 'a code fence that never ends', text: '```\nkubectl' },
  { name: 'right to left', text: '\u05e9\u05dc\u05d5\u05dd \u202eabc\u202c \u0645\u0631\u062d\u0628\u0627' },
  { name: 'zero width', text: 'a\u200bb\u200dc\u2060d\ufeffe' },
];
/** Nothing to read, or nothing that can be seen. */
const EMPTY_TEXTS = ['', ' ', '\n\n', '\u200b'];
const definitions = catalog.types.flatMap((type) => catalog.get(type) ?? []);

for (const definition of definitions) {
  const { type, category } = definition;

  test(`${type}: a message without a text is sent, and says what it is about`, async () => {
    for (const message of EMPTY_TEXTS) {
      const said = await say(definition, exampleEvent({ message }));

      assert.ok(said.requests.length > 0, inspect(message));
      if (category === 'chat') assert.ok(said.text.includes('webapp'), inspect(message));
    }
  });

  for (const { name, text } of ODD_TEXTS) {
    test(`${type}: ${name} arrives as it was written`, async () => {
      const plain = await say(definition, exampleEvent({ message: PLAIN }));
      const odd = await say(definition, exampleEvent({ message: text }));

      assert.equal(odd.requests.length, plain.requests.length);
      if (plain.text.includes(PLAIN)) assert.ok(odd.text.includes(text), odd.text);
    });
  }

  test(`${type}: the first of several requests is not repeated because a later one failed`, async () => {
    for (const event of [exampleEvent(), exampleEvent({ severity: 'error' })]) {
      const { requests } = definition.render === undefined ? { requests: [] } : await say(definition, event);
      if (requests.length < 2) continue;

      assert.deepEqual(await urlsOfTwoTries(definition, event), [...requests.map(({ url }) => url), requests.at(-1)?.url]);
    }
  });
}

interface Said {
  readonly requests: readonly HttpRequest[];
  /** All texts of all bodies, without the escapes of the vendor's markup. */
  readonly text: string;
}

async function say(definition: ProviderDefinition, event: FluxEvent): Promise<Said> {
  const input = inputOf(definition, event);
  const bench = createBench(() => toResponse(200, []));
  // A session is cut off where it is opened, and example credentials need not be any.
  if (definition.send !== undefined) await definition.send(bench.context, input).catch(refuseBugs);
  const requests = definition.render?.(input) ?? bench.requests;
  return { requests, text: requests.map(textOf).join('\n') };
}

function inputOf({ examples }: ProviderDefinition, event: FluxEvent) {
  const [example] = examples;
  assert.ok(example);
  return toRenderInput({ ...example, event, statusId: STATUS_ID });
}

function refuseBugs(error: unknown): void {
  if (!(error instanceof ConfigFault) && !(error instanceof Error && error.name === 'TransportError')) throw error;
}

function textOf({ body = '', headers }: HttpRequest): string {
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
  const isForm = headers.some(([, value]) => value === 'application/x-www-form-urlencoded');
  if (isForm) return [...new URLSearchParams(text).values()].join('\n');
  return text.startsWith('{') || text.startsWith('[') ? stringsOf(parse(text)).join('\n') : text;
}

/** One value, or one a line. */
function parse(text: string): unknown {
  return JSON.parse(text.includes('}\n{') ? `[${text.trim().split('\n').join(',')}]` : text);
}

function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value, value.replaceAll(/\\(.)/g, '$1'), ...encodedIn(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsOf) : [];
}

/** Queues carry the event in base64. */
function encodedIn(value: string): string[] {
  const decoded = Buffer.from(value, 'base64').toString('utf8');
  return decoded.startsWith('{"') ? stringsOf(JSON.parse(decoded)) : [];
}

/** What is asked for in a try whose last request fails, and in the next one. */
async function urlsOfTwoTries(definition: ProviderDefinition, event: FluxEvent): Promise<readonly string[]> {
  const { config } = inputOf(definition, event);
  const lastUrl = (await say(definition, event)).requests.at(-1)?.url;
  let failures = 1;
  const { engine, outbox, transport } = createHarness({
    targets: [toTarget(definition)],
    resolve: async () => toResolved(config),
    script: ({ url }) => (url === lastUrl && failures-- > 0 ? toAnswer(500) : toAnswer(202)),
  });
  engine.start();
  for (const attempts of [0, 1]) {
    const lease = toLease('d', { attempts });
    outbox.offer({ ...lease, event: { ...lease.event, flux: event } });
    await settleDown();
    assert.equal(outbox.settled.length, attempts + 1);
  }
  await engine.drain(0);
  return transport.requests.map(({ url }) => url);
}
