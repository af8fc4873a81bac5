// From a request to a typed question and back: parses query and body by the endpoint's schemas, answers JSON.
import express, { type NextFunction, type Request, type Response } from 'express';
import { z } from 'zod';
import type { Endpoint } from './endpoints.ts';
import { Problem } from './problem.ts';

/** 500 ids with room to spare. */
const MAX_BODY_BYTES = 128 * 1024;
/** No path is another one with a slash more or in other letters. */
export const STRICT = { strict: true, caseSensitive: true } as const;
const JSON_TYPE = /^application\/json\s*(?:;|$)/i;

export interface Asked<E extends Endpoint> {
  readonly id: string;
  readonly query: z.output<E['query']>;
  readonly body: E['body'] extends z.ZodType ? z.output<E['body']> : null;
}

export type Handler<E extends Endpoint> = (asked: Asked<E>) => Promise<z.input<E['answer']>>;

/** Serves the endpoint at its path. */
export function serveEndpoint<const E extends Endpoint>(router: express.Router, endpoint: E, handle: Handler<E>): void {
  const { method, path, body } = endpoint;
  const readers = body === null ? [] : [express.json({ limit: MAX_BODY_BYTES, inflate: false, type: () => true })];
  router[method](path, ...readers, async (request: Request, response: Response) => {
    const { id } = request.params;
    const asked: unknown = {
      id: typeof id === 'string' ? id : '',
      query: parse(endpoint.query, withLists(endpoint.query, request.query), 'query'),
      body: body === null ? null : parse(body, request.body, 'body'),
    };
    response.json(await handle(asked as Asked<E>));
  });
}

/** Says what the paths of these endpoints take, to whatever none of them took. */
export function refuseOtherMethods(endpoints: readonly Endpoint[]): express.Router {
  const router = express.Router(STRICT);
  for (const { method, path } of endpoints) {
    router.all(path, (request: Request, response: Response) => {
      const allowed = method === 'get' ? 'GET, HEAD' : 'POST';
      response.set('Allow', allowed);
      throw new Problem('method-not-allowed', `${request.path} takes ${allowed}`);
    });
  }
  return router;
}

/** Whoever sends a body says that it is JSON, which a form of a browser page cannot. */
export function requireJson(request: Request, _response: Response, next: NextFunction): void {
  const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  if (hasBody && !JSON_TYPE.test(request.headers['content-type'] ?? '')) {
    throw new Problem('unsupported-media-type', 'send the body as JSON with "Content-Type: application/json"');
  }
  next();
}

/** What express' body parser throws, as a problem; undefined for any other error. */
export function toBodyProblem(error: unknown): Problem | undefined {
  const type = typeof error === 'object' && error !== null && 'type' in error ? error.type : undefined;
  switch (type) {
    case 'entity.too.large':
      return new Problem('too-large', `a body has at most ${MAX_BODY_BYTES} bytes; ask in smaller steps`);
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new Problem('unsupported-media-type', 'send the body as plain UTF-8 JSON, not compressed');
    case 'entity.parse.failed':
    case 'request.aborted':
    case 'request.size.invalid':
      return new Problem('bad-request', 'the body is not valid JSON');
    default:
      return undefined;
  }
}

function parse<S extends z.ZodType>(schema: S, value: unknown, whole: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || whole}: ${issue.message}`);
  throw new Problem('bad-request', faults.join('; '));
}

/** Parameters that take several values may be repeated or given as a comma-separated list. */
function withLists(schema: z.ZodObject, query: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const lists = Object.entries(schema.shape)
    .filter(([, field]) => isList(field as z.ZodType))
    .map(([name]) => name);
  const given = lists.filter((name) => query[name] !== undefined);
  return { ...query, ...Object.fromEntries(given.map((name) => [name, split(query[name])])) };
}

function split(value: unknown): readonly unknown[] {
  return [value].flat().flatMap((item) => (typeof item === 'string' ? item.split(',') : [item]));
}

/** True for an array, optional or not. */
export function isList(field: z.ZodType): boolean {
  return (field instanceof z.ZodOptional ? field.unwrap() : field) instanceof z.ZodArray;
}
