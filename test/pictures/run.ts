// Draws what people get to see: for every chat type a failure and its recovery, from the payload that the type renders, in the
// vendor's look, captured with headless Chromium. Not part of `npm test`; run it when a payload changes and look at the result.
//
//   node test/pictures/run.ts [TYPE...]
//
// Debian packages: chromium fonts-inter fonts-lato fonts-roboto-unhinted fonts-noto-core fonts-noto-color-emoji.
import { globSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { catalog } from '../../internal/catalog/catalog.ts';
import { typeOfFile } from '../../internal/catalog/derive/provider-list.ts';
import type { FluxEvent } from '../../internal/event/event.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import type { ProviderDefinition } from '../../internal/sdk/provider.ts';
import { toRenderInput } from '../support/provider-run.ts';
import { print } from '../support/scenarios.ts';
import { startBrowser } from './browser.ts';
import { lookOf } from './looks.ts';
import { type ShownMessage, toPage } from './page.ts';
import { toPalette } from './palette.ts';

const ROOT = join(import.meta.dirname, '../..');
const REVISION = 'main@sha1:5394cb7f48332b2de7c17dd8b8384bbc84b7e738';
const metadata = Object.assign(Object.create(null) as Record<string, string>, { cluster: 'production', revision: REVISION });
const STORY: readonly { readonly time: string; readonly event: FluxEvent }[] = [
  {
    time: '09:41',
    event: exampleEvent({
      severity: 'error',
      reason: 'HealthCheckFailed',
      message: "health check failed after 5m0s: timeout waiting for: [Deployment/apps/webapp status: 'InProgress']",
      metadata,
    }),
  },
  { time: '09:52', event: exampleEvent({ metadata }) },
];

function toMessages({ examples, render }: ProviderDefinition): readonly ShownMessage[] {
  const [example] = examples;
  if (example === undefined || render === undefined) return [];
  return STORY.flatMap(({ time, event }) =>
    render(toRenderInput({ ...example, event })).map(({ body = '' }) => ({ time, body: String(body) })),
  );
}

const wanted = process.argv.slice(2);
const files = globSync('providers/*/*.provider.ts', { cwd: ROOT }).toSorted();
const browser = await startBrowser();
try {
  for (const file of files) {
    const definition = catalog.get(typeOfFile(file));
    if (definition?.category !== 'chat' || (wanted.length > 0 && !wanted.includes(definition.type))) continue;
    const png = toPalette(await browser.capture(toPage(lookOf(definition.type), toMessages(definition))));
    const path = join(dirname(file), 'message.png');
    writeFileSync(join(ROOT, path), png);
    print(`${path}: ${Math.ceil(png.byteLength / 1024)} KiB`);
  }
} finally {
  await browser.close();
}
