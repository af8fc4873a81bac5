import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { SecretUnavailable } from '../internal/sdk/credentials.ts';
import { ConfigFault } from '../internal/sdk/provider.ts';
import { readAzureAuthority, readControllerIdentity } from './controller-identity.ts';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-identity-'));
after(() => rmSync(folder, { recursive: true }));

function newFile(name: string, content: string | object): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const ACCOUNT = {
  type: 'external_account',
  audience: '//iam.googleapis.com/pool',
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  token_url: 'https://sts.googleapis.com/v1/token',
};

test('Azure: all three variables are needed, and the token is read when it is asked for', async () => {
  const file = newFile('azure-token', 'first');
  const variables = { AZURE_TENANT_ID: 't', AZURE_CLIENT_ID: 'c', AZURE_FEDERATED_TOKEN_FILE: file };
  for (const name of Object.keys(variables)) {
    assert.deepEqual(readControllerIdentity({ ...variables, [name]: '' }), {}, name);
  }

  const { azure } = readControllerIdentity(variables);
  newFile('azure-token', 'second');

  assert.deepEqual([azure?.tenantId, azure?.clientId, await azure?.readToken()], ['t', 'c', 'second']);
  assert.equal(readAzureAuthority({ AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.us/' }), 'https://login.microsoftonline.us');
  assert.equal(readAzureAuthority({}), undefined);
});

test('Google Cloud: an external account whose token is a file, as text or as a field of JSON', async () => {
  const text = { ...ACCOUNT, credential_source: { file: newFile('token', 'as-text') } };
  const json = {
    ...ACCOUNT,
    service_account_impersonation_url: 'https://iamcredentials.googleapis.com/v1/x:generateAccessToken',
    credential_source: { file: newFile('token.json', { id: 'as-json' }), format: { type: 'json', subject_token_field_name: 'id' } },
  };

  const first = await readControllerIdentity({ GOOGLE_APPLICATION_CREDENTIALS: newFile('a.json', text) }).gcp?.();
  const second = await readControllerIdentity({ GOOGLE_APPLICATION_CREDENTIALS: newFile('b.json', json) }).gcp?.();

  assert.deepEqual(
    [first?.audience, first?.impersonationUrl, await first?.readToken()],
    ['//iam.googleapis.com/pool', undefined, 'as-text'],
  );
  assert.equal(second?.impersonationUrl, 'https://iamcredentials.googleapis.com/v1/x:generateAccessToken');
  assert.equal(await second?.readToken(), 'as-json');
});

const BAD: readonly { name: string; content: string | object }[] = [
  { name: 'no JSON', content: 'garbage' },
  { name: 'the key of a service account', content: { type: 'service_account' } },
  { name: 'no file', content: { ...ACCOUNT, credential_source: { url: 'http://169.254.169.254/' } } },
  { name: 'a plain token address', content: { ...ACCOUNT, token_url: 'http://sts', credential_source: { file: '/x' } } },
  { name: 'no audience', content: { ...ACCOUNT, audience: '', credential_source: { file: '/x' } } },
];

for (const { name, content } of BAD) {
  test(`Google Cloud: a file that cannot be used says so when it is needed: ${name}`, async () => {
    const { gcp } = readControllerIdentity({ GOOGLE_APPLICATION_CREDENTIALS: newFile('bad.json', content) });

    await assert.rejects(
      async () => gcp?.(),
      (error) => error instanceof ConfigFault && !error.message.includes('garbage'),
    );
  });
}

test('a file that is not there is asked for again later', async () => {
  const { gcp } = readControllerIdentity({ GOOGLE_APPLICATION_CREDENTIALS: join(folder, 'absent') });

  await assert.rejects(async () => gcp?.(), SecretUnavailable);
});
