import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileExpression } from '../expr/cel.ts';
import { toMetadata, toTestEvent, toTestRoute, toTestTarget } from '../../test/support/routing.ts';
import { targetUrl } from './target-url.ts';

const PREFIX = 'the annotation tocsin.dev/target-url: ';

const ROWS: readonly { name: string; expression: string; want: { url: string } | { error: RegExp } }[] = [
  {
    name: 'parts of event, provider and alert',
    expression: `"https://console.example.com/" + event.involvedObject.name + "?p=" + provider.metadata.name + "&a=" + alert.metadata.name`,
    want: { url: 'https://console.example.com/webapp?p=forge&a=alert' },
  },
  { name: 'blanks and what a path cannot hold', expression: '" http://a.example/ä b "', want: { url: 'http://a.example/%C3%A4%20b' } },
  { name: 'no page for this event', expression: 'event.severity == "error" ? "https://a.example" : ""', want: { url: '' } },
  { name: 'another scheme', expression: '"javascript:alert(1)"', want: { error: /the result is no http or https URL$/ } },
  { name: 'no address', expression: '"webapp"', want: { error: /the result is no http or https URL$/ } },
  { name: 'a password', expression: '"https://me:secret@a.example"', want: { error: /the result holds a user name or a password$/ } },
  {
    name: 'too long',
    expression: '"https://a.example/" + "x".replace("x", event.message)',
    want: { error: /the result has 3018 characters, and a link at most 2048$/ },
  },
  { name: 'a missing key', expression: '"https://" + event.metadata.console', want: { error: /no such key: metadata$/ } },
  { name: 'another type', expression: 'event.severity == "info"', want: { error: /output type mismatch: expected string, got bool$/ } },
];

for (const { name, expression, want } of ROWS) {
  test(`a link from ${name}`, () => {
    const targetUrlExpression = compileExpression(expression, { result: 'string', variables: ['event', 'provider', 'alert'] });
    const subject = { kind: 'Kustomization', namespace: 'apps', name: 'webapp' };
    const event = toTestEvent({ subject, flux: { metadata: toMetadata({}), severity: 'info', message: 'm'.repeat(3_000) } });

    const result = targetUrl(toTestTarget('forge', { targetUrlExpression }), toTestRoute('alert').object, event.flux);

    if ('url' in want) return assert.deepEqual(result, want);
    assert.ok(result !== undefined && 'error' in result, JSON.stringify(result));
    assert.match(result.error, want.error);
    assert.ok(result.error.startsWith(PREFIX), result.error);
    assert.ok(!result.error.includes('me:secret'));
  });
}

test('a Provider without the annotation links to nothing', () => {
  assert.equal(targetUrl(toTestTarget('forge'), toTestRoute('alert').object, toTestEvent().flux), undefined);
});
