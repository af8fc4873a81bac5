import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Logger } from '../sdk/ports.ts';
import { createLogger } from './logger.ts';
import { createRedactor } from './redactor.ts';

const CLOCK = { nowMs: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6) };

function logged(options: { level?: string; encoding?: string; secrets?: string[] }, act: (log: Logger) => void): string[] {
  const lines: string[] = [];
  const redactor = createRedactor();
  for (const secret of options.secrets ?? []) redactor.add(secret);
  act(
    createLogger({
      level: options.level ?? 'info',
      encoding: options.encoding ?? 'json',
      redactor,
      clock: CLOCK,
      write: (line) => lines.push(line),
    }),
  );
  return lines;
}

test('writes lines as notification-controller does', () => {
  const cases = [
    {
      name: 'json',
      options: {},
      want: ['{"level":"info","ts":"2026-01-02T03:04:05.006Z","logger":"event-server","code":202,"msg":"Accepted"}\n'],
    },
    { name: 'console', options: { encoding: 'console' }, want: ['2026-01-02T03:04:05.006Z\tINFO\tevent-server\tAccepted\t{"code":202}\n'] },
    { name: 'unknown level', options: { level: 'loud' }, want: 1 },
    { name: 'debug', options: { level: 'debug' }, want: 2 },
    { name: 'trace', options: { level: 'trace' }, want: 2 },
    { name: 'error', options: { level: 'error' }, want: 0 },
  ];
  for (const { name, options, want } of cases) {
    const lines = logged(options, (log) => {
      log.child({ logger: 'event-server' }).info({ code: 202 }, 'Accepted');
      log.debug({}, 'Detail');
    });
    if (typeof want === 'number') assert.equal(lines.length, want, name);
    else assert.deepEqual(lines, want, name);
  }
});

test('scrubs every line and keeps it JSON', () => {
  const cases = [
    { name: 'in a field', secret: 'hunter22', fields: { text: 'is hunter22' } },
    { name: 'in an error and its cause', secret: 'hunter22', fields: { error: new Error('a', { cause: new Error('hunter22') }) } },
    { name: 'a number', secret: '123456', fields: { durationMs: 123456, nested: [{ text: '123456' }] } },
    { name: 'a piece of JSON', secret: '","msg":"', fields: { text: 'x' } },
    { name: 'with quotes', secret: 'pass"word\\', fields: { text: 'pass"word\\' } },
    { name: 'in a key', secret: 'hunter22', fields: { hunter22: true } },
  ];
  for (const { name, secret, fields } of cases) {
    const [line = ''] = logged({ secrets: [secret] }, (log) => log.error(fields, 'Failed'));
    const parsed = JSON.parse(line) as Record<string, unknown>;
    assert.equal(parsed['msg'], 'Failed', name);
    assert.ok(!JSON.stringify(parsed).includes(secret) || name === 'a piece of JSON', name);
  }
});
