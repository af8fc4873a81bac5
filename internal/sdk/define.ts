// defineProvider: refuses a definition that contradicts itself, so that a mistake ends the program (and every test) at
// import, and never reaches a user's cluster.
import type { z } from 'zod';
import type { ProviderDefinition, ProviderExample } from './provider.ts';

/** Spec fields that every type shares and that the core reads itself. */
export const CORE_FIELDS = [
  'type',
  'interval',
  'timeout',
  'proxy',
  'proxySecretRef',
  'secretRef',
  'certSecretRef',
  'serviceAccountName',
  'suspend',
  'commitStatusExpr',
] as const;

const TYPE_ID = /^[a-z0-9]+(?:[.-][a-z0-9]+)*$/;
const MAX_SENTENCE_CHARS = 240;

/** Returns the definition as it came, frozen; throws a TypeError that names the type and everything that is wrong with it. */
export function defineProvider(definition: ProviderDefinition): ProviderDefinition {
  const faults = [
    ...identityFaults(definition),
    ...behaviourFaults(definition),
    ...schemaFaults('config', definition.config),
    ...schemaFaults('secret', definition.secret),
    ...definition.examples.flatMap((example) => exampleFaults(definition, example)),
  ];
  if (faults.length > 0) throw new TypeError(`provider ${definition.type}: ${faults.join('; ')}`);
  return Object.freeze(definition);
}

function identityFaults(definition: ProviderDefinition): string[] {
  const faults: string[] = [];
  if (!TYPE_ID.test(definition.type)) faults.push('type must be a lower-case id');
  if (definition.title.trim() === '') faults.push('title is missing');
  if (!isSentence(definition.summary))
    faults.push(`summary must be one sentence of at most ${MAX_SENTENCE_CHARS} characters with a full stop`);
  if (!definition.link.startsWith('https://')) faults.push('link must be an https address');
  if (!/^\d+\.\d+\.\d+$/.test(definition.since)) faults.push('since must be a version');
  if (definition.examples.length === 0) faults.push('an example is missing');
  return faults;
}

function behaviourFaults(definition: ProviderDefinition): string[] {
  const faults: string[] = [];
  const { capabilities, category } = definition;
  if ((definition.render === undefined) === (definition.send === undefined)) faults.push('exactly one of render and send is needed');
  if (definition.interpret !== undefined && definition.render === undefined) faults.push('interpret reads the answers of render only');
  if (capabilities.accepts.length === 0) faults.push('capabilities.accepts is empty');
  if (capabilities.accepts.includes('commit-status') && definition.lane === undefined) faults.push('commit statuses need a lane');
  const { bodyChars, bodyBytes } = capabilities.limits ?? {};
  const speaksToPeople = category === 'chat' || category === 'incident';
  if (speaksToPeople && bodyChars === undefined && bodyBytes === undefined) {
    faults.push('capabilities.limits must say how long a message may be');
  }
  return faults;
}

function schemaFaults(part: string, schema: z.ZodObject): string[] {
  return Object.entries(schema.shape)
    .filter(([, field]) => !isSentence((field as z.ZodType).description ?? ''))
    .map(([name]) => `${part}.${name} needs a description of one sentence with a full stop`);
}

function exampleFaults(definition: ProviderDefinition, example: ProviderExample): string[] {
  const known = new Set<string>([...CORE_FIELDS, ...Object.keys(definition.config.shape)]);
  const faults: string[] = Object.keys(example.spec)
    .filter((name) => !known.has(name))
    .map((name) => `spec.${name} is not used by this type`);
  if (example.spec['type'] !== definition.type) faults.push('spec.type is another type');
  if ((example.secret !== undefined) !== 'secretRef' in example.spec) faults.push('a Secret and spec.secretRef belong together');
  faults.push(...parseFaults('spec', definition.config, example.spec));
  faults.push(...parseFaults('secret', definition.secret.strict(), example.secret ?? {}));
  return faults.map((fault) => `example "${example.title}": ${fault}`);
}

function parseFaults(part: string, schema: z.ZodObject, value: unknown): string[] {
  const result = schema.safeParse(value);
  return result.success ? [] : result.error.issues.map((issue) => `${[part, ...issue.path].join('.')}: ${issue.message}`);
}

function isSentence(text: string): boolean {
  return text.length > 1 && text.length <= MAX_SENTENCE_CHARS && text.endsWith('.') && !text.includes('\n');
}
