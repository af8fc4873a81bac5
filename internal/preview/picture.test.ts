// Bodies of all shapes as a person reads them, and how much of a budget they use.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureLimits } from './limits.ts';
import { toPicture } from './picture.ts';

const CASES: readonly { readonly name: string; readonly body: string; readonly type?: string; readonly want: readonly string[] }[] = [
  {
    name: 'attachments with fields',
    body: '{"channel":"ops","attachments":[{"fallback":"x","author_name":"web","text":"it broke\\nbadly","fields":[{"title":"revision","value":"main","short":false}]}]}',
    want: ['web', 'it broke', 'badly', 'revision: main'],
  },
  {
    name: 'a list of pairs by name',
    body: '{"title":"web","metadata":{"revision":"main","tries":3}}',
    want: ['web', 'revision: main', 'tries: 3'],
  },
  { name: 'a form', body: 'content=it+broke&to=ops&type=stream', type: 'application/x-www-form-urlencoded', want: ['it broke'] },
  { name: 'a value per line', body: '{"event_id":"1"}\n{"message":"it broke"}\n', want: ['it broke'] },
  {
    name: 'an event in base64',
    body: `{"messages":[{"data":"${Buffer.from('{"message":"it broke"}').toString('base64')}"}]}`,
    want: ['it broke'],
  },
  { name: 'HTML', body: '{"text":"<b>web</b> is &lt; 1"}', want: ['web is < 1'] },
  { name: 'escaped Markdown', body: '{"text":"web\\\\-1 \\\\(new\\\\)"}', want: ['web-1 (new)'] },
  { name: 'plain text', body: 'it broke', type: 'text/plain', want: ['it broke'] },
  { name: 'nothing', body: '', want: [] },
  { name: 'no words at all', body: '[1,null,true,{"color":"red"}]', want: [] },
];

for (const { name, body, type = 'application/json', want } of CASES) {
  test(`picture: ${name}`, () => assert.deepEqual(toPicture(body, type), want));
}

test('picture: a long message is cut', () => {
  const lines = toPicture(
    JSON.stringify({ text: Array.from({ length: 100 }, (_, index) => `line ${index}`).join('\n') }),
    'application/json',
  );

  assert.equal(lines.length, 61);
  assert.equal(lines.at(-1), '… and 40 further lines');
});

test('limits: the longest text, the largest request, and the rate', () => {
  const requests = ['short', 'much longer'].map((text) => ({
    method: 'POST',
    url: 'https://example.com/',
    headers: [],
    body: JSON.stringify({ fallback: `web: ${text}`, title: 'web', text }),
  }));

  assert.deepEqual(measureLimits({ titleChars: 10, bodyChars: 100, bodyBytes: 1000, ratePerSecond: 1 }, requests), [
    { what: 'title characters', used: 3, allowed: 10 },
    { what: 'text characters', used: 11, allowed: 100 },
    { what: 'bytes of the request', used: 66, allowed: 1000 },
    { what: 'requests per second', allowed: 1 },
  ]);
  assert.deepEqual(measureLimits(undefined, requests), []);
});
