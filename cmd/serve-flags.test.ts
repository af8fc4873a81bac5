import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { addServeFlags } from './serve-flags.ts';

function parse(...args: string[]): Record<string, unknown> {
  const command = addServeFlags(new Command('serve'))
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return command.parse(args, { from: 'user' }).opts();
}

test("the defaults are notification-controller's", () => {
  const flags = parse();

  assert.deepEqual(flags['eventsAddr'], { host: '', port: 9090 });
  assert.deepEqual(flags['receiverAddr'], { host: '', port: 9292 });
  assert.equal(flags['rateLimitInterval'], 300_000);
  assert.equal(flags['watchAllNamespaces'], true);
  assert.equal(flags['noCrossNamespaceRefs'], false);
  assert.equal(flags['tokenCacheMaxDuration'], 3_600_000);
  assert.deepEqual([flags['kubeApiQps'], flags['kubeApiBurst']], [50, 300]);
});

const cases: readonly { name: string; args: string[]; key: string; want: unknown }[] = [
  { name: 'a boolean alone', args: ['--no-cross-namespace-refs'], key: 'noCrossNamespaceRefs', want: true },
  { name: 'a boolean with a value', args: ['--no-cross-namespace-refs=true'], key: 'noCrossNamespaceRefs', want: true },
  { name: 'a boolean set to false', args: ['--watch-all-namespaces=false'], key: 'watchAllNamespaces', want: false },
  { name: 'a collector', args: ['--otlp-endpoint', 'http://collector:4318'], key: 'otlpEndpoint', want: 'http://collector:4318' },
  { name: 'an unknown log level', args: ['--log-level=loud'], key: 'logLevel', want: 'info' },
  { name: 'a token duration above the cap', args: ['--token-cache-max-duration=5h'], key: 'tokenCacheMaxDuration', want: 3_600_000 },
  {
    name: 'a repeated list',
    args: ['--egress-deny', '10.0.0.0/8', '--egress-deny=a,b'],
    key: 'egressDeny',
    want: ['10.0.0.0/8', 'a', 'b'],
  },
  { name: 'a rate of requests', args: ['--kube-api-qps=0.5'], key: 'kubeApiQps', want: 0.5 },
  { name: 'no rate of requests', args: ['--kube-api-qps=-1'], key: 'kubeApiQps', want: -1 },
  { name: 'an interval of zero', args: ['--rate-limit-interval=0s'], key: 'rateLimitInterval', want: 0 },
];

for (const { name, args, key, want } of cases) test(`serve takes ${name}`, () => assert.deepEqual(parse(...args)[key], want));

for (const args of [
  ['--feature-gates=Magic=true'],
  ['--no-such-flag'],
  ['--events-addr=nowhere'],
  ['--log-encoding=xml'],
  ['--kube-api-qps=many'],
  ['--otlp-endpoint=collector:4318'],
]) {
  test(`serve refuses ${args[0]}`, () => assert.throws(() => parse(...args)));
}
