// The annotations of a Provider that say how statuses of commits are set: compiled, and checked for what has no effect.
import { type CompiledExpression, compileExpression } from '../../expr/cel.ts';
import type { Target } from '../../routing/route.ts';
import { AGGREGATE_ANNOTATION, PENDING_ANNOTATION, TARGET_URL_ANNOTATION } from '../../sdk/git/annotations.ts';
import { type Finding, show } from './finding.ts';

/** The variables that an expression of a Provider may name. */
export const STATUS_VARIABLES = ['event', 'alert', 'provider'] as const;

const MAX_ERROR_CHARS = 500;

/** The annotations that are switches, with the values that turn something on. */
const SWITCHES: Readonly<Record<string, readonly string[]>> = {
  [PENDING_ANNOTATION]: ['enabled'],
  [AGGREGATE_ANNOTATION]: ['enabled', 'only'],
};

/** Where statuses link to; undefined where nothing is said. */
export function compileTargetUrl(annotations: Target['annotations']): CompiledExpression | { readonly error: string } | undefined {
  const source = Object.hasOwn(annotations, TARGET_URL_ANNOTATION) ? (annotations[TARGET_URL_ANNOTATION] ?? '') : '';
  return source.trim() === '' ? undefined : compileExpression(source, { result: 'string', variables: STATUS_VARIABLES });
}

/** What the author should know of annotations that do not do what they say. */
export function adviseOnAnnotations({ annotations, targetUrlExpression, type }: Target, takesStatuses: boolean): Finding[] {
  const known = [...Object.keys(SWITCHES), TARGET_URL_ANNOTATION].filter((name) => Object.hasOwn(annotations, name));
  if (!takesStatuses) return known.map((name) => ignored(name, type));
  const switches = known.filter((name) => SWITCHES[name]?.includes(annotations[name] ?? '') === false);
  return [...switches.map((name) => unknownValue(name, annotations[name] ?? '')), ...badExpression(targetUrlExpression)];
}

function ignored(name: string, type: string): Finding {
  return {
    path: ['metadata', 'annotations', name],
    message: `the annotation ${name} has no effect, because the type ${show(type)} sets no commit status`,
    hint: 'Remove it, or check the type.',
    severity: 'warning',
    rule: 'ignored-field',
  };
}

function unknownValue(name: string, value: string): Finding {
  return {
    path: ['metadata', 'annotations', name],
    message: `the annotation ${name} has no effect, because its value is ${show(value)}`,
    hint: `Write ${SWITCHES[name]?.join(' or ')}, or remove it.`,
    severity: 'warning',
    rule: 'ignored-field',
  };
}

/** Every status of the Provider waits until it is mended. */
function badExpression(expression: Target['targetUrlExpression']): Finding[] {
  if (expression === undefined || !('error' in expression)) return [];
  return [
    {
      path: ['metadata', 'annotations', TARGET_URL_ANNOTATION],
      message: `the annotation ${TARGET_URL_ANNOTATION} does not compile: ${expression.error.slice(0, MAX_ERROR_CHARS)}`,
      hint: 'Mend the expression; it must be CEL over event, alert and provider whose type is string, such as an address in quotes.',
      severity: 'warning',
      rule: 'bad-expression',
    },
  ];
}
