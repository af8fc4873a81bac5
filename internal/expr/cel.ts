// CEL in the environment of fluxcd/pkg/runtime/cel (flux.md 3.6).

export type ExpressionResult = 'string' | 'bool';

/** A type-checked expression. `evaluate` throws ExpressionError: a missing key, a limit, a bad conversion. */
export interface CompiledExpression {
  readonly source: string;
  evaluate(variables: Readonly<Record<string, unknown>>): unknown;
}

export class ExpressionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ExpressionError';
  }
}
