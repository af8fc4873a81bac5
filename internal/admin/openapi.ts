// The OpenAPI file, made of the schemas that the server itself parses and answers by.
import { z } from 'zod';
import { NAMED_ANSWERS } from './answers.ts';
import { type Endpoint, ENDPOINTS } from './endpoints.ts';
import { PROBLEMS, type ProblemCode } from './problem.ts';
import { isList } from './serve-endpoint.ts';

type Json = Readonly<Record<string, unknown>>;

const ABOUT = `What the commands ask a running server. It listens on loopback only (--admin-addr), wants the token that lies beside the
store with every request, and answers no browser page. Errors are problem documents whose codes are stable.`;

/** The document as text, the same for the same schemas. */
export function toOpenApi(): string {
  const document = {
    openapi: '3.1.0',
    info: { title: 'Tocsin admin API', version: '1', description: ABOUT.replaceAll('\n', ' ') },
    servers: [{ url: 'http://127.0.0.1:9797' }],
    security: [{ token: [] }],
    paths: toPaths(),
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'The content of the .admin-token file beside the store.' } },
      responses: problemResponses(),
      schemas: toSchemas(),
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function toPaths(): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, endpoint] of Object.entries(ENDPOINTS)) {
    const path = endpoint.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [endpoint.method]: toOperation(name, endpoint) };
  }
  return paths;
}

function toOperation(name: string, endpoint: Endpoint): Json {
  const parameters = [...pathParameters(endpoint.path), ...queryParameters(endpoint.query)];
  return {
    operationId: name,
    summary: endpoint.summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(endpoint.body === null
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: toSchema(endpoint.body) } } } }),
    responses: { 200: answer('The answer.', 'application/json', refOf(endpoint.answer)), ...toProblems(endpoint) },
  };
}

function pathParameters(path: string): readonly Json[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
}

function queryParameters(query: z.ZodObject): readonly Json[] {
  return Object.entries(query.shape).map(([name, field]) => {
    const { description, ...schema } = toSchema(field as z.ZodType);
    const list = isList(field as z.ZodType) ? { style: 'form', explode: false } : {};
    return { name, in: 'query', required: false, description, ...list, schema };
  });
}

function toProblems({ body, path, query }: Endpoint): Json {
  const codes: ProblemCode[] = ['bad-request', 'unauthorized', 'foreign-host', 'method-not-allowed', 'store', 'bug'];
  if (path.includes(':') || 'after' in query.shape || body !== null) codes.push('not-found');
  if (body !== null) codes.push('too-large', 'unsupported-media-type');
  return Object.fromEntries(codes.map((code) => [PROBLEMS[code].status, { $ref: `#/components/responses/${code}` }]));
}

function problemResponses(): Json {
  const schema = { $ref: `${COMPONENTS}Problem` };
  return Object.fromEntries(Object.entries(PROBLEMS).map(([code, { title }]) => [code, answer(title, 'application/problem+json', schema)]));
}

function answer(description: string, type: string, schema: Json): Json {
  return { description, content: { [type]: { schema } } };
}

const COMPONENTS = '#/components/schemas/';

function refOf(schema: z.ZodType): Json {
  const name = Object.entries(NAMED_ANSWERS).find(([, named]) => named === schema)?.[0];
  if (name === undefined) throw new Error('an answer of the admin API has no name in NAMED_ANSWERS');
  return { $ref: `${COMPONENTS}${name}` };
}

/** What a client sends. */
function toSchema(schema: z.ZodType): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input', override: withoutNoise });
  return rest;
}

function toSchemas(): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(NAMED_ANSWERS)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { uri: (id) => `${COMPONENTS}${id}`, override: withoutNoise });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => {
      const { $schema: _dialect, $id: _id, ...rest } = schema;
      return [id, rest];
    }),
  );
}

/** That an answer is not written to, and that names are text, goes without saying. */
function withoutNoise({ jsonSchema }: { readonly jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  delete jsonSchema.readOnly;
  if (typeof jsonSchema.propertyNames === 'object' && jsonSchema.propertyNames.type === 'string' && !jsonSchema.propertyNames.enum) {
    delete jsonSchema.propertyNames;
  }
}
