import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sensitivePartsOfJson, sensitivePartsOfSecretAddress, sensitivePartsOfSpecAddress } from './sensitive.ts';

test('the key of a connection string is a secret by itself, wherever the string stands', () => {
  const address = 'Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=flux;SharedAccessKey=YWJj=;EntityPath=hub';

  assert.deepEqual(sensitivePartsOfSecretAddress(address), [address, 'YWJj=']);
  assert.deepEqual(sensitivePartsOfSpecAddress(address), ['YWJj=']);
  assert.deepEqual(sensitivePartsOfSpecAddress('flux-events'), []);
});

const JSONS: readonly { name: string; text: string; want: readonly string[] }[] = [
  { name: 'no JSON', text: 'token', want: [] },
  { name: 'broken JSON', text: '{"private_key": ', want: [] },
  { name: 'no object', text: '["secret"]', want: [] },
  {
    name: 'a service account',
    text: '{"type":"service_account","private_key":"PEM","private_key_id":"7","token_uri":"https://t","client_email":"a@b"}',
    want: ['PEM'],
  },
  {
    name: 'a person',
    text: '{"client_id":"i","client_secret":"s","refresh_token":"r","subject_token_type":"jwt","n":1}',
    want: ['s', 'r'],
  },
];

for (const { name, text, want } of JSONS) {
  test(`secrets inside a credential: ${name}`, () => {
    assert.deepEqual(sensitivePartsOfJson(text), want);
  });
}
