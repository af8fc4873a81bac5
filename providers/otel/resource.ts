// Who reports a span: the Alert, and beside it what the environment of the process says, as with every client of OpenTelemetry.
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { compareUtf8 } from '../../internal/sdk/text/go-json.ts';

/** Variables that add attributes to the resource. */
export const RESOURCE_VARIABLES = ['OTEL_RESOURCE_ATTRIBUTES'] as const;

/** The attributes in the order of their keys; those of the Alert win. */
export function resourceAttributes({ alert, environment }: RenderInput): readonly (readonly [string, string])[] {
  const attributes = new Map([
    ...parsePairs(environment?.['OTEL_RESOURCE_ATTRIBUTES'] ?? ''),
    ['service.instance.id', alert.uid] as const,
    ['service.name', `${alert.namespace}/${alert.name}`] as const,
    ['service.namespace', alert.namespace] as const,
  ]);
  return [...attributes].toSorted(([a], [b]) => compareUtf8(a, b));
}

/** `key=value,key=value` with escapes in the values; what is not a pair does not count. */
function parsePairs(text: string): readonly (readonly [string, string])[] {
  return text.split(',').flatMap((pair) => {
    const equals = pair.indexOf('=');
    const key = pair.slice(0, Math.max(0, equals)).trim();
    return key === '' ? [] : [[key, unescaped(pair.slice(equals + 1).trim())] as const];
  });
}

function unescaped(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    // A lone % is taken as it stands.
    return value;
  }
}
