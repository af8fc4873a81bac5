// The page that a commit status links to: what the expression in an annotation of its Provider says of the event.
import type { FluxEvent } from '../event/event.ts';
import { type CompiledExpression, ExpressionError } from '../expr/cel.ts';
import { TARGET_URL_ANNOTATION } from '../sdk/git/annotations.ts';
import { expressionVariables, type KubernetesObject } from './expression-variables.ts';

/** Longer than any page's address that people open; forges that take less say so themselves. */
const MAX_CHARS = 2_048;

/** The part of a Target that links of its statuses come from. */
export interface LinkSource {
  readonly targetUrlExpression?: CompiledExpression | { readonly error: string };
  /** The whole Provider. */
  readonly object: KubernetesObject;
}

/** `url` is empty where the expression says that there is no page. */
export type TargetUrl = { readonly url: string } | { readonly error: string };

/** The link for an event with combined metadata, or what a person must mend; undefined when none is asked for. Never throws. */
export function targetUrl(source: LinkSource, alert: KubernetesObject, event: FluxEvent): TargetUrl | undefined {
  const expression = source.targetUrlExpression;
  if (expression === undefined) return undefined;
  if ('error' in expression) return fault(expression.error);
  try {
    const written = expression.evaluate(expressionVariables({ event, provider: source.object, alert }));
    return toLink(typeof written === 'string' ? written.trim() : '');
  } catch (cause) {
    if (!(cause instanceof ExpressionError)) throw cause;
    return fault(cause.message);
  }
}

function toLink(written: string): TargetUrl {
  if (written === '') return { url: '' };
  const url = URL.parse(written);
  if (url === null || !/^https?:$/.test(url.protocol)) return fault('the result is no http or https URL');
  // Whoever can see the commit can see its links.
  if (url.username !== '' || url.password !== '') return fault('the result holds a user name or a password');
  if (url.href.length > MAX_CHARS) return fault(`the result has ${url.href.length} characters, and a link at most ${MAX_CHARS}`);
  return { url: url.href };
}

function fault(message: string): TargetUrl {
  return { error: `the annotation ${TARGET_URL_ANNOTATION}: ${message}` };
}
