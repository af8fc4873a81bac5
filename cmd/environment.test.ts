import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEnvironment } from './environment.ts';

test('types are told of the variables that they declare, and of no other', async () => {
  const variables = { BITBUCKET_API_BASE_URL: 'https://bitbucket.example.com/2.0', AWS_SECRET_ACCESS_KEY: 'secret', PATH: '/bin' };

  assert.deepEqual((await readEnvironment(variables)).forProviders, { BITBUCKET_API_BASE_URL: 'https://bitbucket.example.com/2.0' });
  assert.deepEqual((await readEnvironment({})).forProviders, {});
});

test('proxies are read in upper case first', async () => {
  const { httpProxy, httpsProxy, noProxy } = await readEnvironment({ HTTP_PROXY: 'a', http_proxy: 'b', https_proxy: 'c', NO_PROXY: '' });

  assert.deepEqual([httpProxy, httpsProxy, noProxy], ['a', 'c', undefined]);
});
