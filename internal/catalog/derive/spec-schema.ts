// The JSON Schema of a spec, from the zod object that the dialect validates with. One source for CRDs and editors.
import { z } from 'zod';

/** A JSON Schema as far as this folder writes one. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly [keyword: string]: unknown;
}

/** What may stand in a structural schema of a CRD; other keywords that zod writes are dropped. */
const KEYWORDS = [
  'description',
  'type',
  'default',
  'enum',
  'format',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
  'maxItems',
  'minimum',
  'maximum',
  'items',
  'properties',
  'additionalProperties',
  'required',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
] as const;

/** The structural schema of a spec: nothing in it that a CRD may not hold. */
export function toSpecSchema(spec: z.ZodObject): JsonSchema {
  return toStructural(z.toJSONSchema(spec, { target: 'openapi-3.0', io: 'input' }) as JsonSchema);
}

function toStructural(schema: JsonSchema): JsonSchema {
  const kept = Object.fromEntries(KEYWORDS.filter((keyword) => schema[keyword] !== undefined).map((keyword) => [keyword, schema[keyword]]));
  return {
    ...kept,
    ...(schema['deprecated'] === true ? { description: `Deprecated. ${schema.description ?? ''}`.trim() } : {}),
    ...(schema.properties === undefined ? {} : { properties: mapValues(schema.properties, toStructural) }),
    ...(isSchema(schema['items']) ? { items: toStructural(schema['items']) } : {}),
    ...(isSchema(schema['additionalProperties']) ? { additionalProperties: toStructural(schema['additionalProperties']) } : {}),
  };
}

/** The schema with one property replaced. */
export function withProperty(schema: JsonSchema, name: string, change: (property: JsonSchema) => JsonSchema): JsonSchema {
  return { ...schema, properties: { ...schema.properties, [name]: change(schema.properties?.[name] ?? {}) } };
}

/** Applies a function to every member of a record. */
export function mapValues<In, Out>(record: Readonly<Record<string, In>>, change: (value: In) => Out): Record<string, Out> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null;
}
