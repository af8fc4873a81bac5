// Canaries: secrets of a Provider through every way a try can end, over real sockets. They may reach the other side and
// nothing else: no log line, no record, no notice.
import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { test } from 'node:test';
import { ManualClock } from '../../test/support/clock.ts';
import { toDefinition, toLease, toResolved, toTarget } from '../../test/support/deliveries.ts';
import { createHarness } from '../../test/support/engine.ts';
import { type Answer, startRecordingServer } from '../../test/support/servers.ts';
import { until } from '../../test/support/until.ts';
import { ConfigFault, type ProviderDefinition, type RenderInput, type ResolvedConfig } from '../sdk/provider.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createRedactor } from '../telemetry/redactor.ts';
import { createTransport } from '../transport/transport.ts';

const TOKEN = 'canary-token/4f0b+6a1e&"<é>';
const PASSWORD = 'canary-password 9c2d';
const HEADER = 'canary-header-77aa';
const SECRETS = [TOKEN, PASSWORD, HEADER, 'canary-path-31337', 'canary-query-8008'];

interface Case {
  readonly name: string;
  readonly answer?: Answer;
  readonly definition?: Partial<ProviderDefinition>;
  /** How far time moves once the request has arrived. */
  readonly advanceMs?: number;
  readonly drain?: boolean;
  readonly want: string;
}

/** Answers with everything that came, in several encodings. */
function echo(status: number): Answer {
  return (request, response) => {
    const all = [...request.rawHeaders, request.url, decodeURIComponent(request.url), request.body, ...SECRETS].join('\n');
    response.writeHead(status, { location: `http://${request.headers.host}${request.url}` });
    response.end([all, JSON.stringify(all), encodeURIComponent(all), Buffer.from(TOKEN).toString('base64'), all.repeat(50)].join('\n'));
  };
}

const CASES: readonly Case[] = [
  { name: 'success with echo', answer: echo(200), want: 'delivered' },
  { name: '4xx with echo', answer: echo(400), want: 'rejected bad-request' },
  { name: 'auth with echo', answer: echo(401), want: 'deferred auth' },
  { name: 'redirect to itself elsewhere', answer: echo(302), want: 'rejected bad-request' },
  { name: '5xx with echo', answer: echo(500), want: 'retry server' },
  { name: 'time-out', answer: () => {}, advanceMs: 15_000, want: 'retry timeout' },
  { name: 'abort by shutdown', answer: () => {}, drain: true, want: 'aborted network' },
  { name: 'reset', answer: (_request, response) => response.destroy(), want: 'retry network' },
  {
    name: 'thrown by the provider',
    definition: { render: ({ config }) => fail(new Error(`cannot use ${config.token}`)) },
    want: 'retry bug',
  },
  {
    name: 'fault that quotes the address',
    definition: { render: ({ config }) => fail(new ConfigFault(`bad ${config.address} ${config.password}`)) },
    want: 'deferred config',
  },
  {
    name: 'remembered and returned',
    definition: {
      send: async (_context, { config }) => ({
        kind: 'delivered',
        ref: config.token,
        note: config.password,
        remember: [
          { scope: 's', key: 'k', value: config.token },
          { scope: 'other', key: 'k', value: 'v' },
        ],
      }),
    },
    want: 'delivered',
  },
  {
    name: 'logged by the provider',
    definition: {
      send: (context, { config }) => {
        context.log.error({ config, url: encodeURIComponent(config.token) }, 'Everything');
        return Promise.reject(new Error('outer', { cause: new Error(config.password) }));
      },
    },
    want: 'retry bug',
  },
];

function fail(error: Error): never {
  throw error;
}

function render({ config, event }: RenderInput): ReturnType<NonNullable<ProviderDefinition['render']>> {
  const headers = [
    ['Authorization', `Basic ${Buffer.from(`user:${config.password}`).toString('base64')}`],
    ['X-Token', Buffer.from(config.token).toString('base64')],
    ...Object.entries(config.headers),
  ] as const;
  return [{ method: 'POST', url: config.address, headers, body: JSON.stringify({ text: event.message, token: config.token }) }];
}

test('secrets reach the other side and nothing else', async () => {
  for (const { name, answer, definition = {}, advanceMs = 0, drain = false, want } of CASES) {
    const sink = await startRecordingServer(answer === undefined ? {} : { answer });
    const said: string[] = [];
    const clock = new ManualClock();
    const redactor = createRedactor();
    const noRules = { names: new Set<string>(), suffixes: [], networks: new BlockList() };
    const transport = createTransport({
      environment: {},
      egress: { deny: noRules, allow: noRules, denyLoopback: false },
      ownListeners: () => [],
      clock,
    });
    const config: Partial<ResolvedConfig> = {
      address: `http://${sink.host}/canary-path-31337?key=canary-query-8008`,
      token: TOKEN,
      password: PASSWORD,
      headers: { 'X-Extra': HEADER },
    };
    const { engine, outbox } = createHarness({
      targets: [toTarget(toDefinition('send' in definition ? definition : { render, ...definition }))],
      resolve: async () => {
        for (const secret of [...SECRETS, config.address ?? '']) redactor.add(secret);
        return toResolved(config);
      },
      transport,
      redactor,
      clock,
      log: createLogger({ level: 'trace', encoding: 'json', redactor, clock, write: (line) => said.push(line) }),
      onFailure: (_lease, outcome) => said.push(JSON.stringify(outcome)),
    });
    engine.start();
    outbox.offer(toLease('1'));
    if (advanceMs > 0 || drain) await until(() => sink.requests.length > 0, `${name}: request`);
    clock.advance(advanceMs);
    const drained = drain ? engine.drain(0) : undefined;
    if (drain) clock.advance(0);
    await until(() => outbox.settled.length > 0, `${name}: settlement`);
    await (drained ?? engine.drain(0));
    await transport.close();
    await sink.close();

    const [settlement] = outbox.settled;
    assert.equal([settlement?.attempt.outcome, settlement?.attempt.reason].filter(Boolean).join(' '), want, name);
    if (answer !== undefined) assert.ok(sink.requests[0]?.body.includes('canary-token'), `${name}: the other side got it`);
    if (answer !== undefined) assert.equal(settlement?.attempt.exchanges.length, 1, `${name}: the exchange is on record`);
    if (name === 'remembered and returned') {
      assert.deepEqual(settlement?.forget, ['s'], 'what cannot be stored is unknown');
      assert.deepEqual(settlement?.outcome.kind === 'delivered' && settlement.outcome.remember, [{ scope: 'other', key: 'k', value: 'v' }]);
    }
    assertClean(name, [...said, JSON.stringify(settlement)].join('\n'));
  }
});

function assertClean(name: string, text: string): void {
  const forms = SECRETS.flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64'),
    JSON.stringify(secret).slice(1, -1),
  ]);
  for (const form of forms) assert.ok(!text.includes(form), `${name}: ${form} leaked`);
  const part = /.{20}canary-(token|password|header|path|query).{30}/.exec(text)?.[0];
  assert.equal(part, undefined, `${name}: a part of a secret leaked`);
}
