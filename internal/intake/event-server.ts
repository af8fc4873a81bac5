// The Flux event port: any path, any method, one event in the body; answers as the notification-controller does.
// Slow, huge and broken requests cost nobody else anything: sizes, times and memory are bounded.
import type { IncomingMessage } from 'node:http';
import express, { type Express, type Request, type Response } from 'express';
import { FLUX_DIALECT, toEvent } from '../event/flux.ts';
import { readTraceparent } from '../event/traceparent.ts';
import { BodyReader, type ReadBody } from './body-reader.ts';
import { Exchange } from './exchange.ts';
import { type Answer, busyAnswer, invalidAnswer, toAnswer, tooLargeAnswer } from './flux-answer.ts';
import { type HttpListener, type ListenAddress, createHttpListener } from './http-listener.ts';
import type { IntakeMetrics } from '../sdk/metrics.ts';
import type { Clock, Logger, Random } from '../sdk/ports.ts';
import { DEFAULT_LIMITS } from './accept.ts';
import type { Accept } from './accept-port.ts';
import { type TurnLimits, Turns } from './turns.ts';

/** What the event port needs; times and sizes have the notification-controller's values as defaults. */
export interface EventServerOptions {
  readonly accept: Accept;
  readonly clock: Clock;
  readonly metrics: IntakeMetrics;
  readonly log: Logger;
  readonly random?: Random;
  /** Length of the window in which a repeated event is a duplicate. */
  readonly windowMs: number;
  /** Name of the cluster whose events arrive here. */
  readonly cluster?: string;
  /** Gives metrics the path of each request instead of `/`. */
  readonly exportPaths?: boolean;
  /** The flag that set the address, for the message when it cannot be used. */
  readonly addressFlag?: string;
  readonly maxBodyBytes?: number;
  /** Of all bodies that are being read at a time. */
  readonly bodyBudgetBytes?: number;
  readonly turns?: Partial<TurnLimits>;
}

/** A server that can be started once. */
export interface EventServer {
  readonly app: Express;
  /** Rejects with ListenError, whose message names address and flag. */
  listen(address: ListenAddress): Promise<HttpListener>;
}

const MIB = 1024 * 1024;
const DEFAULT_MAX_BODY_BYTES = 3 * MIB;
const DEFAULT_BODY_BUDGET_BYTES = 64 * MIB;
/** As many as may be on their way to the store; more would only wait for each other, in memory. */
const DEFAULT_TURNS: TurnLimits = { maxEvents: DEFAULT_LIMITS.maxEvents, turnMs: 10, maxWaitMs: 1_000 };
const RETRY_SOON_MS = 1_000;
const NO_BODY = { 'Content-Length': '0' };

/** Builds the event port over an accept port. */
export function createEventServer(options: EventServerOptions): EventServer {
  const port = new EventPort(options);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((request: Request, response: Response) => port.onRequest(request, response));
  return {
    app,
    listen: (address) =>
      createHttpListener({
        // Express gives up on a request only when it cannot parse its target.
        app: (request, response) => app(request as Request, response as Response, () => response.writeHead(400, NO_BODY).end()),
        address,
        flag: options.addressFlag ?? '--events-addr',
        clock: options.clock,
        refusesBody: (request) => port.refusesBody(request),
        onConnection: () => port.onConnection(),
      }),
  };
}

class EventPort {
  readonly #options: EventServerOptions;
  readonly #bodies: BodyReader;
  readonly #maxBodyBytes: number;
  readonly #turns: Turns;

  constructor(options: EventServerOptions) {
    this.#options = options;
    this.#maxBodyBytes = options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
    this.#bodies = new BodyReader({ maxBytes: this.#maxBodyBytes, budgetBytes: options.bodyBudgetBytes ?? DEFAULT_BODY_BUDGET_BYTES });
    this.#turns = new Turns(options.clock, { ...DEFAULT_TURNS, ...options.turns });
  }

  onConnection(): void {
    this.#turns.connectionTaken();
  }

  refusesBody(request: IncomingMessage): boolean {
    return this.#bodies.declaresTooMuch(request);
  }

  onRequest(request: Request, response: Response): void {
    const { clock, exportPaths, metrics } = this.#options;
    const path = exportPaths === true ? request.path : '/';
    const exchange = new Exchange({ request, response, path, clock, metrics });
    this.#bodies.read(request, (read) => this.#onRead(exchange, read));
  }

  #onRead(exchange: Exchange, read: ReadBody): void {
    switch (read.kind) {
      case 'body':
        return this.#onBody(exchange, read.body);
      case 'too-large':
        return exchange.refuse(tooLargeAnswer(this.#maxBodyBytes));
      case 'no-room':
        return exchange.refuse(busyAnswer(RETRY_SOON_MS, 'too many bodies are being read'));
      case 'aborted':
        return exchange.abandon();
    }
  }

  #onBody(exchange: Exchange, body: Buffer): void {
    const leave = (answer: Answer): void => {
      this.#turns.leave();
      exchange.answer(answer);
    };
    const hasRoom = this.#turns.enter({
      work: () => void this.#answer(exchange.request, body).then(leave),
      onLate: () => leave(busyAnswer(RETRY_SOON_MS, 'the event waited too long for its turn')),
    });
    if (!hasRoom) exchange.answer(busyAnswer(RETRY_SOON_MS, 'too many events at a time'));
  }

  async #answer(request: Request, body: Buffer): Promise<Answer> {
    const event = this.#toEvent(body, readTraceparent(request.headers['traceparent']));
    if ('invalid' in event) {
      this.#options.metrics.answered(FLUX_DIALECT, 'invalid');
      return invalidAnswer(event.invalid);
    }
    try {
      const [accepted] = await this.#options.accept([event]);
      return accepted === undefined ? busyAnswer(RETRY_SOON_MS, 'no answer') : toAnswer(accepted);
    } catch (error) {
      this.#options.log.error({ eventId: event.id, error }, 'accepting an event failed unexpectedly');
      return busyAnswer(RETRY_SOON_MS, 'accepting failed');
    }
  }

  #toEvent(body: Buffer, traceparent: string | undefined): ReturnType<typeof toEvent> {
    const { clock, random, windowMs, cluster } = this.#options;
    const arrival = { body, nowMs: clock.nowMs(), windowMs, origin: 'http' };
    const event = toEvent({ ...arrival, ...(random && { random }), ...(cluster !== undefined && { cluster }) });
    return traceparent === undefined || 'invalid' in event ? event : { ...event, traceparent };
  }
}
