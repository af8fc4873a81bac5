import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slackEndpoint } from './slack-endpoint.ts';

for (const [address, want] of [
  ['https://h', 'https://h/slack'],
  ['https://h/a//b/../c/.?wait=true', 'https://h/a/c/slack?wait=true'],
  ['https://h/a?x=/slack', 'https://h/a?x=/slack'],
  ['https://h/a#b?c#d', 'https://h/a%23b/slack?c#d'],
  ['https://h/a%2Fb%2f..%3F%25', 'https://h/a/b/..%3F%25/slack'],
  ['https://h/%2e%2E/%ff/', 'https://h/%2e%2E/%ff/slack'],
] as const) {
  test(`${address} becomes ${want}`, () => {
    assert.equal(slackEndpoint(address), want);
  });
}
