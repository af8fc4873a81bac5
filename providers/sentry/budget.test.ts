// Everything that a message is made of at its longest at once, in characters that JSON writes with six.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { toRenderInput } from '../../test/support/provider-run.ts';
import definition from './sentry.provider.ts';

const LONG = '\u0001<語'.repeat(100_000);

for (const severity of ['error', 'info', 'warning']) {
  test(`the longest event of severity ${severity} fits`, () => {
    const metadata = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`${index} ${LONG.slice(0, 2_000)}`, LONG]));
    const object = { ...exampleEvent().involvedObject, kind: LONG, name: LONG, namespace: LONG, uid: LONG };
    const event = exampleEvent({ severity, message: LONG, reason: LONG, metadata, involvedObject: object, reportingController: LONG });
    const [example] = definition.examples;
    assert.ok(example);
    const options = { spec: example.spec, event, precededBy: 3, ...(example.secret === undefined ? {} : { secret: example.secret }) };

    const requests = definition.render?.(toRenderInput(options)) ?? [];

    assert.ok(requests.length > 0);
    for (const { body = '' } of requests) {
      const bytes = Buffer.byteLength(body);
      assert.ok(bytes <= (definition.capabilities.limits?.bodyBytes ?? 0), `${bytes} bytes`);
    }
  });
}
