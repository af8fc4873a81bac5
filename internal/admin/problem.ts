// Errors of the admin API as problem+json (RFC 9457) with stable codes.
import type { Response } from 'express';

export const PROBLEMS = {
  unauthorized: { status: 401, title: 'The request carries no valid token.' },
  'foreign-host': { status: 403, title: 'The admin API answers only to a loopback Host header and never to a browser page.' },
  forbidden: { status: 403, title: 'Whoever asks may not do this.' },
  'not-found': { status: 404, title: 'There is no such thing.' },
  'bad-request': { status: 400, title: 'The request cannot be understood.' },
  'method-not-allowed': { status: 405, title: 'This address takes another method.' },
  'too-many': { status: 400, title: 'The question is too wide.' },
  'too-large': { status: 413, title: 'The body of the request is too large.' },
  'unsupported-media-type': { status: 415, title: 'The body must be plain JSON, sent as application/json.' },
  authority: { status: 503, title: 'Nobody can tell now who asks and what they may do.' },
  store: { status: 503, title: 'The store cannot answer now.' },
  bug: { status: 500, title: 'Tocsin made a mistake; its log says more.' },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

/** A failed request; `detail` says what, where and what to do. */
export class Problem extends Error {
  readonly code: ProblemCode;

  constructor(code: ProblemCode, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'Problem';
    this.code = code;
  }
}

/** Answers with a problem document. */
export function sendProblem(response: Response, problem: Problem): void {
  const { status, title } = PROBLEMS[problem.code];
  const body = { type: 'about:blank', status, code: problem.code, title, detail: problem.message };
  response.status(status).type('application/problem+json').send(JSON.stringify(body));
}
