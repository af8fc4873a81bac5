// What documentation says of providers: tables and manifests that would be wrong within a week if they were typed.
import { stringify } from 'yaml';
import type { z } from 'zod';
import type { ProviderDefinition, ProviderExample } from '../../sdk/provider.ts';
import { GROUP } from './crd.ts';

/** The text of providers/README.md; `folders` says where each type lives. */
export function toProviderIndex(definitions: readonly ProviderDefinition[], folders: ReadonlyMap<string, string>): string {
  const rows = definitions.map((definition) => {
    const folder = folders.get(definition.type) ?? definition.type;
    return [`[${definition.type}](${folder}/README.md)`, definition.category, takes(definition), definition.stability, definition.summary];
  });
  return [
    '# Providers',
    '',
    'One folder per vendor. Written by `npm run gen`; do not edit.',
    '',
    ...toTable(['Type', 'Category', 'Takes', 'Stability', 'What it does'], rows),
    '',
  ].join('\n');
}

/** The block that the main README shows between its markers. */
export function toProviderTable(definitions: readonly ProviderDefinition[]): string {
  const rows = definitions.map((definition) => [`\`${definition.type}\``, takes(definition), definition.summary]);
  return toTable(['Provider type', 'Takes', 'What it does'], rows).join('\n');
}

/** The block about one type: manifests that work, its fields, its keys, its limits. */
export function toProviderBlock(definition: ProviderDefinition): string {
  return [
    ...definition.examples.flatMap((example) => toExample(definition, example)),
    ...section('Fields of `spec`', ['Field', 'Meaning'], fieldRows(definition.config)),
    '',
    ...section('Keys of the Secret', ['Key', 'Meaning'], fieldRows(definition.secret)),
    '',
    ...section('Facts', ['Fact', 'Value'], factRows(definition)),
  ].join('\n');
}

/** Replaces what stands between `<!-- gen:<name> -->` and `<!-- /gen -->`; undefined when the text has no such block. */
export function replaceBlock(text: string, name: string, block: string): string | undefined {
  const open = `<!-- gen:${name} -->`;
  const start = text.indexOf(open);
  const end = text.indexOf('<!-- /gen -->', start);
  if (start < 0 || end < 0) return undefined;
  return `${text.slice(0, start + open.length)}\n${block}\n${text.slice(end)}`;
}

/** The manifests of an example: the Provider, and the Secret that it names. */
export function toManifests(definition: ProviderDefinition, example: ProviderExample): readonly object[] {
  const metadata = { name: definition.type, namespace: 'apps' };
  const provider = { apiVersion: `${GROUP}/v1beta3`, kind: 'Provider', metadata, spec: example.spec };
  const reference = example.spec['secretRef'] as { readonly name: string } | undefined;
  if (example.secret === undefined || reference === undefined) return [provider];
  return [provider, { apiVersion: 'v1', kind: 'Secret', metadata: { ...metadata, name: reference.name }, stringData: example.secret }];
}

function toExample(definition: ProviderDefinition, example: ProviderExample): string[] {
  const yaml = toManifests(definition, example)
    .map((manifest) => stringify(manifest, { lineWidth: 0 }))
    .join('---\n');
  return [`${example.title}:`, '', '```yaml', yaml.trimEnd(), '```', ''];
}

function section(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : [`**${title}**`, '', ...toTable(head, rows)];
}

function fieldRows(schema: z.ZodObject): string[][] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const { description = '' } = field as z.ZodType;
    return [`\`${name}\``, (field as z.ZodType).safeParse(undefined).success ? description : `Required. ${description}`];
  });
}

const IDEMPOTENCY = {
  key: 'a repeat carries the same `Tocsin-Delivery` id',
  natural: 'a repeat changes nothing',
  none: 'a repeat is seen twice',
} as const;

function factRows({ capabilities, link }: ProviderDefinition): string[][] {
  const { limits = {}, backlog, idempotency } = capabilities;
  const rows: (readonly [fact: string, value: string | number | undefined])[] = [
    ['After an outage', backlog === 'all' ? 'every message is sent' : 'only the newest message of an object is sent'],
    ['After a crash', IDEMPOTENCY[idempotency]],
    ['Longest title', chars(limits.titleChars)],
    ['Longest text', chars(limits.bodyChars)],
    ['Largest body', limits.bodyBytes === undefined ? undefined : `${limits.bodyBytes} bytes`],
    ['Messages per second', limits.ratePerSecond],
    ['Requests at a time', capabilities.concurrency],
    ["Vendor's documentation", link],
  ];
  return rows.flatMap(([fact, value]) => (value === undefined ? [] : [[fact, String(value)]]));
}

function chars(limit: number | undefined): string | undefined {
  return limit === undefined ? undefined : `${limit} characters`;
}

function takes({ capabilities }: ProviderDefinition): string {
  return capabilities.accepts.join(', ');
}

function toTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [toRow(head), toRow(head.map(() => '---')), ...rows.map(toRow)];
}

function toRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
