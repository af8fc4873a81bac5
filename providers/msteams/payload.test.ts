import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { toRenderInput } from '../../test/support/provider-run.ts';
import { MAX_BODY_BYTES, toPayload } from './payload.ts';

const WORKFLOW = 'https://prod-00.westus.logic.azure.com/workflows/abc';
const CONNECTOR = 'https://acme.webhook.office.com/webhookb2/abc';

for (const address of [WORKFLOW, CONNECTOR]) {
  for (const unit of ['x', '"', '<', '語', '👩‍👩‍👧‍👦']) {
    test(`${address} takes a long text of ${unit}, in whatever way it is counted`, () => {
      const metadata = Object.fromEntries(Array.from({ length: 80 }, (_, index) => [`key-${index}`, unit.repeat(500)]));
      const event = exampleEvent({ message: unit.repeat(50_000), metadata });

      const body = toPayload(toRenderInput({ spec: { type: 'msteams', address }, event }));

      assert.ok(Buffer.byteLength(body) <= MAX_BODY_BYTES && Buffer.byteLength(body, 'utf16le') <= MAX_BODY_BYTES);
      assert.match(body, /…/);
      assert.match(body, /further keys are not shown/);
    });
  }
}
