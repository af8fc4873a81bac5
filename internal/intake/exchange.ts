// One request of the event port and its answer: written once, measured once.
import type { Request, Response } from 'express';
import { type Answer, toHeaders } from './flux-answer.ts';
import type { IntakeMetrics } from '../sdk/metrics.ts';
import type { Clock } from '../sdk/ports.ts';

/** How long what follows a refused body is thrown away, so that the sender gets to read its answer. */
const LINGER_MS = 500;
/** For metrics alone: the sender went away before it was answered. */
const CLIENT_CLOSED = 499;

export class Exchange {
  readonly request: Request;
  readonly #response: Response;
  readonly #clock: Clock;
  #bodyBytes = 0;

  constructor(options: {
    readonly request: Request;
    readonly response: Response;
    readonly path: string;
    readonly clock: Clock;
    readonly metrics: IntakeMetrics;
  }) {
    const { request, response, path, clock, metrics } = options;
    this.request = request;
    this.#response = response;
    this.#clock = clock;
    const startedMs = clock.monotonicMs();
    metrics.requestStarted(path);
    response.once('close', () => {
      const code = response.headersSent ? response.statusCode : CLIENT_CLOSED;
      const seconds = (clock.monotonicMs() - startedMs) / 1000;
      metrics.requestFinished({ path, method: request.method, code, seconds, bytes: this.#bodyBytes });
    });
  }

  /** Does nothing when the sender is gone. */
  answer(answer: Answer): void {
    if (this.#response.destroyed || this.#response.headersSent) return;
    this.#bodyBytes = answer.body.length;
    this.#response.writeHead(answer.status, toHeaders(answer));
    this.#response.end(answer.body);
  }

  /** Answers before the body was read to its end; the connection cannot be used again. */
  refuse(answer: Answer): void {
    if (this.#response.destroyed) return;
    this.#response.writeHead(answer.status, { ...toHeaders(answer), Connection: 'close' });
    this.#response.flushHeaders();
    const finish = (): void => {
      cancel();
      this.#response.end();
    };
    const cancel = this.#clock.schedule(LINGER_MS, finish);
    this.request.once('end', finish).once('close', finish).resume();
  }

  /** Nobody is there to answer. */
  abandon(): void {
    this.#response.destroy();
  }
}
