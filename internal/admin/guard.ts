// Who may ask at all: a program on this machine that could read the token. Whatever a browser page sends carries an Origin.
import { timingSafeEqual } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import { Problem } from './problem.ts';
import type { Authority, Visitor } from './visitor.ts';

const VISITOR = 'visitor';
const LOOPBACK_HOST = /^(127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d+)?$/i;

/**
 * Refuses foreign Host headers, browser pages and requests without a token, before anything else is looked at. Whoever does not
 * have the token of this server but one that the authority knows is left as `visitor` in the response's locals.
 */
export function guard(token: string, authority: Authority | undefined) {
  const expected = Buffer.from(`Bearer ${token}`);
  return async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    if (!LOOPBACK_HOST.test(request.headers.host ?? '') || request.headers.origin !== undefined) {
      throw new Problem('foreign-host', 'use http://127.0.0.1 with the port of --admin-addr, from a program on this machine');
    }
    const given = Buffer.from(request.headers.authorization ?? '');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      response.locals[VISITOR] = await findVisitor(authority, given.toString());
    }
    next();
  };
}

/** Who asks; undefined for whoever has the token of this server and with it every right. */
export function visitorOf(response: Response): Visitor | undefined {
  return response.locals[VISITOR] as Visitor | undefined;
}

async function findVisitor(authority: Authority | undefined, header: string): Promise<Visitor> {
  const token = /^Bearer (\S+)$/.exec(header)?.[1];
  const visitor = token === undefined ? undefined : await authority?.visitorOf(token).catch(refuse);
  if (visitor !== undefined) return { name: visitor.name, may: (verb, namespace) => visitor.may(verb, namespace).catch(refuse) };
  const others = authority === undefined ? '' : ', or use a token of the cluster';
  throw new Problem(
    'unauthorized',
    `send "Authorization: Bearer <token>"; the token is in the .admin-token file beside the store${others}`,
  );
}

function refuse(cause: unknown): never {
  throw new Problem('authority', 'the cluster cannot be asked who this is and what they may do; try again', { cause });
}
