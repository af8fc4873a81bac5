// The Flux event port on 127.0.0.1 over an outbox in memory, and ways to speak to it.
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createAccept } from '../../internal/intake/accept.ts';
import { type EventServerOptions, createEventServer } from '../../internal/intake/event-server.ts';
import type { Decision } from '../../internal/routing/decision.ts';
import { ManualClock } from './clock.ts';
import { type HttpAnswer, sendHttp } from './http-sender.ts';
import { MemoryAppend } from './memory-append.ts';
import { createRecordingLog } from './recording-log.ts';
import { RecordingIntakeMetrics } from './recording-metrics.ts';

const HOST = '127.0.0.1';
export const WINDOW_MS = 300_000;
/** What the connection needs, and headers of our own. */
const FREE_HEADERS = /^(date|content-length|connection|keep-alive|tocsin-.*)$/i;
const NOTHING: Decision = { verdicts: [], deliveries: [], notices: [], revision: '' };

/** Starts at noon of 5 January 2026; the server ends with the test. */
export async function startEventPort(context: TestContext, overrides: Partial<EventServerOptions> = {}) {
  const clock = new ManualClock(Date.UTC(2026, 0, 5, 12));
  const outbox = new MemoryAppend(clock);
  const metrics = new RecordingIntakeMetrics();
  const log = createRecordingLog();
  const intake = createAccept({ outbox, decide: () => NOTHING, onNotices: () => {}, clock, metrics, log });
  const server = createEventServer({ accept: intake.accept, clock, metrics, log, windowMs: WINDOW_MS, ...overrides });
  const listener = await server.listen({ host: HOST, port: 0 });
  context.after(async () => {
    const closed = listener.close(1_000);
    clock.advance(1_000);
    await closed;
  });
  return { clock, outbox, metrics, log, port: listener.port };
}

export interface Sent {
  readonly port: number;
  readonly body: string | Buffer;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
}

/** One request on a connection of its own. */
export function post({ port, body, method = 'POST', path = '/', headers = {} }: Sent): Promise<HttpAnswer> {
  return sendHttp({ to: { host: HOST, port }, method, path, headers, body });
}

export function header(answer: HttpAnswer, name: string): string | undefined {
  return answer.headers.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
}

/** The headers that the reference has, too. */
export function recordedHeaders(answer: HttpAnswer): Record<string, string> {
  return Object.fromEntries(answer.headers.filter(([name]) => !FREE_HEADERS.test(name)));
}

/** A connection of its own, for what an HTTP client would not send. */
export async function speak(
  context: TestContext,
  port: number,
): Promise<{ socket: Socket; received: () => string; isClosed: () => boolean }> {
  const socket = connect(port, HOST);
  let received = '';
  let isClosed = false;
  socket.setEncoding('latin1').on('data', (text: string) => (received += text));
  socket.on('error', () => {});
  socket.on('close', () => (isClosed = true));
  context.after(() => socket.destroy());
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  return { socket, received: () => received, isClosed: () => isClosed };
}
