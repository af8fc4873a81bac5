// Who may ask at all: a program on this machine that could read the token. Whatever a browser page sends carries an Origin.
import { timingSafeEqual } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import { Problem } from './problem.ts';

const LOOPBACK_HOST = /^(127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d+)?$/i;

/** Refuses foreign Host headers, browser pages and requests without the token, before anything else is looked at. */
export function guard(token: string) {
  const expected = Buffer.from(`Bearer ${token}`);
  return (request: Request, _response: Response, next: NextFunction): void => {
    if (!LOOPBACK_HOST.test(request.headers.host ?? '') || request.headers.origin !== undefined) {
      throw new Problem('foreign-host', 'use http://127.0.0.1 with the port of --admin-addr, from a program on this machine');
    }
    const given = Buffer.from(request.headers.authorization ?? '');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new Problem('unauthorized', 'send "Authorization: Bearer <token>"; the token is in the .admin-token file beside the store');
    }
    next();
  };
}
