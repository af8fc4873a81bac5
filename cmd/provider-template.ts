// What `npm run new-provider` writes: a provider that works, passes the conformance loop and says what to replace. It posts
// `{"text": ...}`, the least that a webhook takes.

/** A file below the repository's root. */
export interface TemplateFile {
  readonly path: string;
  readonly text: string;
}

/** Why these names cannot be a provider's; undefined when they can. */
export function nameFault(vendor: string, type: string): string | undefined {
  if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(vendor)) return `the vendor "${vendor}" must be lower-case words with dashes between them`;
  if (!/^[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*$/.test(type)) {
    return `the type "${type}" must be lower-case words with dashes or dots between them`;
  }
  return undefined;
}

/** The files of a new provider; `page` is the README.md that the vendor has already, undefined without one. */
export function toTemplate(vendor: string, type: string, page: string | undefined): readonly TemplateFile[] {
  const folder = `providers/${vendor}`;
  return [
    { path: `${folder}/${type}.provider.ts`, text: toDefinition(type) },
    { path: `${folder}/README.md`, text: page === undefined ? toPage(type) : withBlock(page, type) },
    { path: `${folder}/cases/${type}.case`, text: toCase(type) },
  ];
}

function toTitle(type: string): string {
  return type
    .split(/[.-]/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join(' ');
}

function toDefinition(type: string): string {
  const title = toTitle(type);
  return `// ${title}, by an incoming webhook.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { postJson } from '../../internal/sdk/post-json.ts';
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { fitMessage, sortedEntries } from '../../internal/sdk/text/fit-message.ts';
import { objectName } from '../../internal/sdk/text/object-name.ts';

/** The vendor's figure belongs here, with the address of the page that states it. */
const MAX_TEXT_CHARS = 4_000;

export default defineProvider({
  type: '${type}',
  title: '${title}',
  category: 'chat',
  summary: 'Posts a message to ${title} through an incoming webhook.',
  link: 'https://example.com/docs/webhooks',
  since: '0.1.0',
  stability: 'beta',
  config: z.object({
    address: z.string().optional().describe('The incoming webhook.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The incoming webhook, which is a credential and belongs here.'),
    token: z.string().optional().describe('The token, sent as a bearer token.'),
  }),
  capabilities: {
    accepts: ['event'],
    idempotency: 'none',
    backlog: 'latest',
    limits: { bodyChars: MAX_TEXT_CHARS },
  },
  render: (input) => {
    const { address, token } = input.config;
    const headers = token === '' ? [] : [['Authorization', 'Bearer ' + token] as const];
    return [postJson({ name: '${title} hook', address, headers, body: JSON.stringify({ text: toText(input) }) })];
  },
  examples: [
    {
      title: 'An incoming webhook',
      spec: { type: '${type}', secretRef: { name: '${type}-webhook' } },
      secret: { address: 'https://hooks.example.com/placeholder', token: 'placeholder' },
      event: exampleEvent(),
    },
  ],
});

function toText({ event, precededBy }: RenderInput): string {
  return fitMessage({
    source: { name: objectName(event.involvedObject), message: event.message, entries: sortedEntries(event.metadata), precededBy },
    limits: { totalChars: MAX_TEXT_CHARS },
    render: ({ name, message, entries }) => [name, message, ...entries.map(([key, value]) => key + ': ' + value)].join('\\n'),
    isTooLarge: (text) => text.length > MAX_TEXT_CHARS,
  }).toWellFormed();
}
`;
}

function toPage(type: string): string {
  return `# ${toTitle(type)}

## What

\`${type}\` posts a message with the name of the object, the text of the event and a line per metadata key.

## Minimal YAML

${toBlock(type)}

## Auth

The webhook's address and the \`token\` are credentials: put both into the Secret.

## Limits

The text is cut at the declared budget. Cuts end with \`…\` and never tear a character or a link apart.

## Failure modes

- An address that is no HTTP address: waits until the Provider or its Secret is changed.
- A bad token: waits until the Secret is changed.
- After an outage only the newest message of each object is sent, and says how many came before it.
- After a crash between sending and recording, a message may appear twice.
`;
}

function toBlock(type: string): string {
  return `<!-- gen:${type} -->\n<!-- /gen -->`;
}

/** A vendor's page with one more type: its block follows the others, or stands at the end. */
function withBlock(page: string, type: string): string {
  const mark = '<!-- /gen -->';
  const last = page.lastIndexOf(mark);
  const end = last < 0 ? page.length : last + mark.length;
  return `${page.slice(0, end)}\n\n${toBlock(type)}${page.slice(end)}`;
}

function toCase(type: string): string {
  const text = 'kustomization/webapp.apps\napply failed\ncluster: demo\nrevision: main@sha1:5394cb7f';
  return `A failure with its metadata in the order of its keys; a bad token is read from the status.

== provider
type: ${type}
address: https://hooks.example.com/placeholder

== secret
token: placeholder

== event
severity: error
message: apply failed
metadata:
  revision: main@sha1:5394cb7f
  cluster: demo

== request
POST https://hooks.example.com/placeholder
Content-Type: application/json
Authorization: Bearer placeholder

${JSON.stringify({ text })}

== response
401

== outcome
as the status says
`;
}
