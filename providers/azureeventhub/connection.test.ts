import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { createBench, toRenderInput, toResponse } from '../../test/support/provider-run.ts';
import { sendEvent } from './send-event.ts';

for (const { authority, channel, want } of [
  { authority: undefined, channel: 'fleet', want: 'fleet.servicebus.windows.net' },
  { authority: 'https://login.microsoftonline.com/', channel: 'fleet', want: 'fleet.servicebus.windows.net' },
  { authority: 'https://login.microsoftonline.us/', channel: 'fleet', want: 'fleet.servicebus.usgovcloudapi.net' },
  { authority: 'https://login.chinacloudapi.cn', channel: 'fleet', want: 'fleet.servicebus.chinacloudapi.cn' },
  { authority: 'https://login.microsoftonline.us/', channel: 'f.servicebus.windows.net', want: 'f.servicebus.windows.net' },
]) {
  test(`the namespace ${channel} is in the cloud of ${authority ?? 'nobody'}`, async () => {
    const bench = createBench(() => toResponse(201));
    const environment = authority === undefined ? {} : { AZURE_AUTHORITY_HOST: authority };

    await sendEvent(
      bench.context,
      toRenderInput({ spec: { type: 'azureeventhub', address: 'hub', channel }, event: exampleEvent(), environment }),
    );

    assert.deepEqual(
      bench.requests.map(({ url }) => new URL(url).host),
      [want],
    );
  });
}
