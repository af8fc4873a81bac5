// What an API server does with an object of a custom resource, as far as our CRDs use it: choose the version, drop nulls,
// prune unknown fields, fill defaults, validate, evaluate the rules.
import { evaluate } from '@marcbachmann/cel-js';

/** A structural schema. */
export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly required?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message: string }[];
}

export interface CrdManifest {
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
  readonly spec: {
    readonly group: string;
    readonly scope: string;
    readonly conversion: { readonly strategy: string };
    readonly names: Readonly<Record<string, unknown>> & { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly storage: boolean;
      readonly additionalPrinterColumns?: readonly { readonly name: string }[];
      readonly subresources?: { readonly status?: object };
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

type Fields = Readonly<Record<string, unknown>>;

export interface Admitted {
  /** Empty = accepted. */
  readonly faults: readonly string[];
  /** The object as it would be stored. */
  readonly object: Fields;
}

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const MAX_NAME = 253;

/** The answer to a dry-run create. */
export function admit(crd: CrdManifest, manifest: Fields): Admitted {
  const version = crd.spec.versions.find(({ name, served }) => served && manifest['apiVersion'] === `${crd.spec.group}/${name}`);
  if (version === undefined) return { faults: ['404 page not found'], object: {} };
  const { name } = manifest['metadata'] as { readonly name: string };
  const schema = version.schema.openAPIV3Schema;
  const object = complete(manifest, schema) as Fields;
  const nameFaults = NAME.test(name) && name.length <= MAX_NAME ? [] : ['metadata.name: Invalid value'];
  return { faults: [...nameFaults, ...validate(object, schema, '')], object };
}

function complete(value: unknown, schema: Schema): unknown {
  if (Array.isArray(value)) return schema.items === undefined ? value : value.map((item) => complete(item, schema.items as Schema));
  if (!isFields(value) || (schema.properties === undefined && schema.additionalProperties === undefined)) return value;
  const result: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) {
    const known = schema.properties?.[key] ?? schema.additionalProperties;
    if (known !== undefined && field !== null) result[key] = complete(field, known);
  }
  for (const [key, field] of Object.entries(schema.properties ?? {})) {
    if (!(key in result) && field.default !== undefined) result[key] = field.default;
  }
  return result;
}

function validate(value: unknown, schema: Schema, path: string): string[] {
  if (!hasType(value, schema.type)) return [`${path}: must be of type ${schema.type}`];
  const faults: string[] = [];
  if (schema.enum !== undefined && !schema.enum.includes(value)) faults.push(`${path}: Unsupported value`);
  if (typeof value === 'string') faults.push(...textFaults(value, schema, path));
  if (Array.isArray(value) && schema.items !== undefined) {
    faults.push(...listFaults(value, schema, path));
    value.forEach((item, index) => faults.push(...validate(item, schema.items as Schema, `${path}[${index}]`)));
  }
  if (isFields(value)) faults.push(...fieldFaults(value, schema, path));
  return faults;
}

function textFaults(value: string, schema: Schema, path: string): string[] {
  const length = Array.from(value).length;
  const faults: string[] = [];
  if (length < (schema.minLength ?? 0)) faults.push(`${path}: too short`);
  if (length > (schema.maxLength ?? Infinity)) faults.push(`${path}: Too long`);
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value)) faults.push(`${path}: should match`);
  return faults;
}

function listFaults(list: readonly unknown[], schema: Schema, path: string): string[] {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const names = list.map((item) => JSON.stringify(keys.map((key) => (item as Fields)[key])));
  const faults = list.length < (schema.minItems ?? 0) ? [`${path}: should have at least ${schema.minItems} items`] : [];
  if (keys.length > 0 && new Set(names).size < names.length) faults.push(`${path}: Duplicate value`);
  return faults;
}

function fieldFaults(value: Fields, schema: Schema, path: string): string[] {
  const faults = (schema.required ?? []).filter((key) => !(key in value)).map((key) => `${path}.${key}: Required value`);
  for (const [key, field] of Object.entries(value)) {
    const known = schema.properties?.[key] ?? schema.additionalProperties;
    if (known !== undefined) faults.push(...validate(field, known, `${path}.${key}`));
  }
  if (faults.length > 0) return faults;
  const broken = (schema['x-kubernetes-validations'] ?? []).filter(({ rule }) => evaluate(rule, { self: value }) !== true);
  return broken.map(({ message }) => `${path}: ${message}`);
}

function hasType(value: unknown, type: string | undefined): boolean {
  switch (type) {
    case undefined:
      return true;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isFields(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
