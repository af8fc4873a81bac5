// CEL in the environment of fluxcd/pkg/runtime/cel (flux.md 3.6): checked when compiled, bounded when evaluated.
import { type ASTNode, type Environment, ParseError, type TypeCheckResult } from '@marcbachmann/cel-js';
import { createEnvironment, INTERNAL_PREFIX, WORK_VARIABLE } from './cel-environment.ts';
import { ExpressionError } from './cel-error.ts';
import { formattedLiteral, rewrite, withDynamicElements } from './cel-rewrite.ts';
import { PatternCache, Work } from './cel-work.ts';

export { ExpressionError } from './cel-error.ts';

export type ExpressionResult = 'string' | 'bool';

/** A type-checked expression. `evaluate` throws ExpressionError: a missing key, a limit, a bad conversion. */
export interface CompiledExpression {
  readonly source: string;
  evaluate(variables: Readonly<Record<string, unknown>>): unknown;
}

export interface ExpressionOptions {
  /** What it must yield; a `dyn` is refused, as a field of an object is one. */
  readonly result: ExpressionResult;
  /** Each is a map from string to anything. */
  readonly variables: readonly string[];
}

const LONGEST_SOURCE_CHARS = 16 * 1024;
const LONGEST_RESULT_CHARS = 64 * 1024;
const MOST_LITERAL_PASSES = 20;

/** Parses and type-checks an expression; never throws. The error reads as the reference's. */
export function compileExpression(source: string, options: ExpressionOptions): CompiledExpression | { readonly error: string } {
  try {
    return compile(source, options);
  } catch (cause) {
    if (cause instanceof TypeMismatch) return { error: cause.message };
    const reason = reasonOf(cause);
    if (reason.startsWith('failed to create CEL program: ')) return { error: reason };
    return { error: `failed to parse the CEL expression '${excerpt(source)}': ${reason}` };
  }
}

class TypeMismatch extends ExpressionError {}

function compile(source: string, options: ExpressionOptions): CompiledExpression {
  if (source.length > LONGEST_SOURCE_CHARS) throw new ExpressionError(`the expression is longer than ${LONGEST_SOURCE_CHARS} characters`);
  const environment = createEnvironment(options.variables);
  const checked = check(environment, rewrite(parse(environment, source), options.variables));
  const type = nameOfType(checked.type);
  if (type !== options.result) throw new TypeMismatch(`CEL expression output type mismatch: expected ${options.result}, got ${type}`);
  const program = environment.parse(checked.text);
  const whole: Program = { source, program, result: options.result, patterns: new PatternCache() };
  return { source, evaluate: (variables) => evaluate(whole, variables) };
}

/** Says where the source is wrong; faults of type are found in the rewritten text, where a place would mislead. */
function parse(environment: Environment, source: string): ASTNode {
  try {
    return environment.parse(source).ast;
  } catch (cause) {
    const offset = cause instanceof ParseError ? cause.range?.start : undefined;
    if (offset === undefined) throw cause;
    const lines = source.slice(0, offset).split('\n');
    throw new ExpressionError(`<input>:${lines.length}:${(lines.at(-1) ?? '').length + 1}: Syntax error: ${reasonOf(cause)}`, { cause });
  }
}

/** Lets what is formatted mix types in list and map literals, as cel-go does; the library refuses that everywhere. */
function check(environment: Environment, rewritten: string): { readonly text: string; readonly type: string } {
  let text = rewritten;
  for (let pass = 0; pass < MOST_LITERAL_PASSES; pass += 1) {
    const program = environment.parse(text);
    const result = program.check();
    if (result.valid) return { text, type: result.type ?? 'dyn' };
    const literal = isMixture(result.error) ? formattedLiteral(program.ast, result.error.node) : undefined;
    if (literal === undefined) throw result.error ?? new ExpressionError('the expression does not type-check');
    text = withDynamicElements(program.ast, literal);
  }
  throw new ExpressionError('too many list and map literals of mixed types');
}

type CheckError = NonNullable<TypeCheckResult['error']>;

function isMixture(error: CheckError | undefined): error is CheckError {
  return error?.code.startsWith('heterogeneous_') === true;
}

interface Program {
  readonly source: string;
  readonly program: (variables: Record<string, unknown>) => unknown;
  readonly result: ExpressionResult;
  readonly patterns: PatternCache;
}

function evaluate({ source, program, result, patterns }: Program, variables: Readonly<Record<string, unknown>>): unknown {
  const work = new Work(patterns);
  const value = run(() => program({ ...variables, [WORK_VARIABLE]: work }), source);
  // `a || b` takes the value of b when a failed, so the budget is asked again.
  if (work.isExhausted) throw failure(source, 'the expression needs too much work');
  const type = value === true || value === false ? 'bool' : typeof value;
  if (type !== result) throw failure(source, `the result is of type ${type}, not ${result}`);
  if (typeof value === 'string' && value.length > LONGEST_RESULT_CHARS)
    throw failure(source, `the result is longer than ${LONGEST_RESULT_CHARS} characters`);
  return value;
}

function run(action: () => unknown, source: string): unknown {
  try {
    return action();
  } catch (cause) {
    throw failure(source, reasonOf(cause), cause);
  }
}

function failure(source: string, reason: string, cause?: unknown): ExpressionError {
  return new ExpressionError(`failed to evaluate the CEL expression '${excerpt(source)}': ${reason}`, { cause });
}

/** The library's words in cel-go's form: our function names undone, no drawing of the source. */
function reasonOf(cause: unknown): string {
  if (cause instanceof RangeError) return 'the expression is nested too deeply';
  const text = hasSummary(cause) ? cause.summary : cause instanceof Error ? cause.message : String(cause);
  return text
    .replaceAll(INTERNAL_PREFIX, '')
    .replace(/^(found no matching overload for '\w+\()Work(?:, )?/, '$1')
    .replace(/^Unknown variable: (.*)$/, "undeclared reference to '$1' (in container '')")
    .replace(/^No such key: /, 'no such key: ');
}

function hasSummary(cause: unknown): cause is { summary: string } {
  return cause instanceof Error && 'summary' in cause && typeof cause.summary === 'string';
}

/** cel-js names types as `map<string, dyn>`, cel-go as `map(string, dyn)`. */
function nameOfType(type: string): string {
  return type.replaceAll('<', '(').replaceAll('>', ')').replaceAll('optional', 'optional_type');
}

function excerpt(source: string): string {
  return source.length > 1024 ? `${source.slice(0, 1024)}…` : source;
}
