import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress, parseBoolean, parseDuration, parseFeatureGates } from './flags.ts';

const cases: readonly { name: string; run: () => unknown; want: unknown }[] = [
  { name: 'minutes', run: () => parseDuration('5m'), want: 300_000 },
  { name: 'compound', run: () => parseDuration('1h30m'), want: 5_400_000 },
  { name: 'fraction', run: () => parseDuration('1.5s'), want: 1500 },
  { name: 'milliseconds', run: () => parseDuration('750ms'), want: 750 },
  { name: 'zero', run: () => parseDuration('0'), want: 0 },
  { name: 'zero seconds', run: () => parseDuration('0s'), want: 0 },
  { name: 'negative', run: () => parseDuration('-5s'), want: -5000 },
  { name: 'true', run: () => parseBoolean('t'), want: true },
  { name: 'false', run: () => parseBoolean('False'), want: false },
  { name: 'port alone', run: () => parseAddress(':9090'), want: { host: '', port: 9090 } },
  { name: 'host and port', run: () => parseAddress('127.0.0.1:0'), want: { host: '127.0.0.1', port: 0 } },
  { name: 'IPv6', run: () => parseAddress('[::1]:80'), want: { host: '::1', port: 80 } },
  { name: 'gates', run: () => parseFeatureGates('ObjectLevelWorkloadIdentity=true').ObjectLevelWorkloadIdentity, want: true },
];

for (const { name, run, want } of cases) test(`flag: ${name}`, () => assert.deepEqual(run(), want));

const refusals: readonly { name: string; run: () => unknown; message: RegExp }[] = [
  { name: 'a day is no unit', run: () => parseDuration('1d'), message: /30s, 5m/ },
  { name: 'a bare number', run: () => parseDuration('5'), message: /30s, 5m/ },
  { name: 'maybe', run: () => parseBoolean('maybe'), message: /true or false/ },
  { name: 'an address without port', run: () => parseAddress('localhost'), message: /host:port/ },
  { name: 'a port too high', run: () => parseAddress(':70000'), message: /host:port/ },
  { name: 'an unknown gate', run: () => parseFeatureGates('Magic=true'), message: /no feature gate "Magic"/ },
];

for (const { name, run, message } of refusals) test(`flag refused: ${name}`, () => assert.throws(run, message));
