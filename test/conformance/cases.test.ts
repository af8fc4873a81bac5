// Runs providers/<vendor>/cases/*.case. To rewrite what is expected: node test/conformance/cases.test.ts --update
import assert from 'node:assert/strict';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { catalog } from '../../internal/catalog/catalog.ts';
import type { FluxEvent } from '../../internal/event/event.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import type { HttpRequest, HttpResponse } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { ConfigFault, type ProviderDefinition, type RenderInput } from '../../internal/sdk/provider.ts';
import { createBench, type RunOptions, toRenderInput } from '../support/provider-run.ts';
import { type CaseFile, formatCase, parseCase, type Section, sectionOf } from './case-file.ts';

const root = join(import.meta.dirname, '../..');
const isUpdate = process.argv.includes('--update');
const paths = globSync('providers/*/cases/*.case', { cwd: root }).toSorted();
const GIVEN = ['provider', 'secret', 'event', 'options'];

for (const path of paths) {
  test(path, async () => {
    const text = readFileSync(join(root, path), 'utf8');

    const actual = formatCase(await run(parseCase(text)));

    if (isUpdate) writeFileSync(join(root, path), actual);
    else assert.equal(actual, text, basename(path));
  });
}

test('every type has cases', () => {
  const covered = new Set(paths.map((path) => typeOf(parseCase(readFileSync(join(root, path), 'utf8')))));

  assert.deepEqual(
    catalog.types.filter((type) => !covered.has(type)),
    [],
  );
});

async function run(file: CaseFile): Promise<CaseFile> {
  const definition = catalog.get(typeOf(file));
  assert.ok(definition, 'the case names a known type');
  const answers = file.sections.filter((section) => section.name === 'response');
  const given = file.sections.filter((section) => GIVEN.includes(section.name));
  return { title: file.title, sections: [...given, ...(await consequences(definition, toInput(file), answers))] };
}

async function consequences(definition: ProviderDefinition, input: RenderInput, answers: readonly Section[]): Promise<readonly Section[]> {
  try {
    return definition.send === undefined ? rendered(definition, input, answers) : await sent(definition, input, answers);
  } catch (error) {
    if (!(error instanceof ConfigFault)) throw error;
    return [{ name: 'fault', text: error.message }];
  }
}

/** Each answer is read on its own: a case may list many. */
function rendered(definition: ProviderDefinition, input: RenderInput, answers: readonly Section[]): readonly Section[] {
  const requests = definition.render?.(input) ?? [];
  const first = requests[0];
  return [
    ...requests.map(formatRequest),
    ...answers.flatMap((answer) => {
      const outcome = first && definition.interpret?.(parseResponse(answer.text), first);
      return [answer, outcome === undefined ? { name: 'outcome', text: 'as the status says' } : formatOutcome(outcome)];
    }),
  ];
}

/** Answers are given in order; one that is missing or left over fails the case. */
async function sent(definition: ProviderDefinition, input: RenderInput, answers: readonly Section[]): Promise<readonly Section[]> {
  const exchanges: Section[] = [];
  const left = [...answers];
  const bench = createBench((request) => {
    const answer = left.shift();
    assert.ok(answer, `a response to ${request.method} ${request.url} is missing`);
    exchanges.push(formatRequest(request), answer);
    return parseResponse(answer.text);
  });
  const outcome = await definition.send?.(bench.context, input);
  assert.deepEqual(left, [], 'every response is asked for');
  return [...exchanges, ...(outcome === undefined ? [] : [formatOutcome(outcome)])];
}

function typeOf(file: CaseFile): string {
  return (parse(sectionOf(file, 'provider') ?? '') as { type: string }).type;
}

function toInput(file: CaseFile): RenderInput {
  const event = (parse(sectionOf(file, 'event') ?? '{}') ?? {}) as Partial<FluxEvent>;
  const metadata = Object.assign(Object.create(null) as Record<string, string>, event.metadata ?? exampleEvent().metadata);
  return toRenderInput({
    spec: parse(sectionOf(file, 'provider') ?? '') as Record<string, unknown>,
    secret: (parse(sectionOf(file, 'secret') ?? '{}') ?? {}) as Record<string, string>,
    event: exampleEvent({ ...event, metadata }),
    ...((parse(sectionOf(file, 'options') ?? '{}') ?? {}) as Pick<
      RunOptions,
      'statusId' | 'precededBy' | 'annotations' | 'targetUrl' | 'tally'
    >),
  });
}

function formatRequest({ method, url, headers, body = '' }: HttpRequest): Section {
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
  const head = [`${method} ${url}`, ...headers.map(([name, value]) => `${name}: ${value}`)].join('\n');
  return { name: 'request', text: text === '' ? head : `${head}\n\n${text.trimEnd()}` };
}

function parseResponse(text: string): HttpResponse {
  const [head = '', ...body] = text.split('\n\n');
  const [status = '', ...lines] = head.split('\n');
  const headers = lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]);
  return {
    status: Number(status),
    headers: Object.fromEntries(headers),
    body: new TextEncoder().encode(body.join('\n\n')),
    truncated: false,
  };
}

function formatOutcome(outcome: Outcome): Section {
  return { name: 'outcome', text: stringify(outcome, { lineWidth: 0 }).trimEnd() };
}
