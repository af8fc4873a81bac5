// Prints a parsed expression again with its calls renamed to our functions (cel-environment.ts), every operation in
// parentheses: the library's own serializer drops those of `a - (b - c)` and rounds doubles.
import type { ASTNode, BinaryOperator } from '@marcbachmann/cel-js';
import { UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { FUNCTIONS, INTERNAL_PREFIX, METHODS, NAMESPACES, WORK_VARIABLE } from './cel-environment.ts';
import { ExpressionError } from './cel-error.ts';
import { checkTemplate } from './cel-format.ts';
import { toPattern } from './pattern.ts';

const COMPREHENSIONS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);
/** Methods of the library that cel-go does not have. */
const FOREIGN_METHODS: ReadonlySet<string> = new Set(['json', 'hex', 'string', 'base64', 'at', 'existsOne']);
const HIGHEST_INT = 2n ** 63n - 1n;
type BinaryNode = Extract<ASTNode, { readonly op: BinaryOperator | '&&' | '||' }>;
const BINARY: ReadonlySet<string> = new Set(['!=', '==', 'in', '+', '-', '*', '/', '%', '<', '<=', '>', '>=', '&&', '||']);
const LEFT_ASSOCIATIVE: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', '&&', '||']);

/** The source with calls renamed; throws ExpressionError for what this environment does not have. */
export function rewrite(ast: ASTNode, variables: readonly string[]): string {
  return new Printer({ isRenaming: true, variables }).print(ast);
}

/** The source with the elements of one list or map literal made dynamic, as cel-go joins the types `string` and `int`. */
export function withDynamicElements(ast: ASTNode, literal: ASTNode): string {
  return new Printer({ isRenaming: false, variables: [], literal }).print(ast);
}

/** The list or map literal that has this node as an element and is formatted: only there cel-go lets types be mixed. */
export function formattedLiteral(ast: ASTNode, element: unknown, isFormatted = false): ASTNode | undefined {
  if (isFormatted && elementsOf(ast).some((child) => child === element)) return ast;
  const isInside = isFormatted || (ast.op === 'call' && ast.args[0] === `${INTERNAL_PREFIX}format`);
  for (const child of childrenOf(ast)) {
    const found = formattedLiteral(child, element, isInside);
    if (found !== undefined) return found;
  }
  return undefined;
}

interface PrinterOptions {
  readonly isRenaming: boolean;
  /** Those that hold a map from string to anything. */
  readonly variables: readonly string[];
  readonly literal?: ASTNode;
}

class Printer {
  readonly #options: PrinterOptions;

  constructor(options: PrinterOptions) {
    this.#options = options;
  }

  print(ast: ASTNode): string {
    if (isBinary(ast)) return this.#binary(ast.op, ast.args[0], ast.args[1]);
    switch (ast.op) {
      case 'value':
        return printLiteral(ast.args);
      case 'id':
        return this.#identifier(ast.args);
      case '.':
      case '.?':
        return this.#field(ast.op, ast.args[0], ast.args[1]);
      case '[]':
      case '[?]':
        return this.#index(ast, ast.args[0], ast.args[1]);
      case 'call':
        return this.#call(ast.args[0], ast.args[1]);
      case 'rcall':
        return this.#method(ast.args[0], ast.args[1], ast.args[2]);
      case 'list':
        return `[${ast.args.map((element) => this.#element(ast, element)).join(', ')}]`;
      case 'map':
        return `{${ast.args.map(([key, value]) => `${this.print(key)}: ${this.#element(ast, value)}`).join(', ')}}`;
      case '?:':
        return `(${this.print(ast.args[0])} ? ${this.print(ast.args[1])} : ${this.print(ast.args[2])})`;
      case '!_':
        return `(!${this.print(ast.args)})`;
      case '-_':
        break;
    }
    // The lowest int is written as a number that is none by itself.
    const isLowestInt = ast.args.op === 'value' && ast.args.args === HIGHEST_INT + 1n;
    return isLowestInt ? `(-${HIGHEST_INT + 1n})` : `(-${this.print(ast.args)})`;
  }

  /** What follows an index that may find nothing is as free in its type as that. */
  #field(operator: '.' | '.?', base: ASTNode, name: string): string {
    const text = this.print(base);
    if (!this.#isFree(base)) return `${text}${operator}${name}`;
    return internalCall(operator === '.' ? 'at' : 'field', `${text}, ${printString(name)}`);
  }

  #index(node: ASTNode, base: ASTNode, key: ASTNode): string {
    const text = this.print(base);
    if (this.#isFree(node)) return internalCall('at', `${text}, ${this.print(key)}`);
    return `${text}[${node.op === '[?]' ? '?' : ''}${this.print(key)}]`;
  }

  /**
   * True where cel-go knows no type, not even `dyn`: what an optional index finds in something dynamic takes the type that
   * is asked of it, so `event.metadata[?"a"].orValue("b")` is a string.
   */
  #isFree(node: ASTNode): boolean {
    if (!this.#options.isRenaming) return false;
    if (node.op === '[?]') return !this.#isTyped(node.args[0]);
    if (node.op === '[]') return isOptional(node.args[0]);
    return node.op === '.' && this.#isFree(node.args[0]);
  }

  #isTyped(node: ASTNode): boolean {
    return node.op === 'list' || node.op === 'map' || (node.op === 'id' && this.#options.variables.includes(node.args));
  }

  #element(literal: ASTNode, element: ASTNode): string {
    const text = this.print(element);
    return this.#options.literal === literal ? `dyn(${text})` : text;
  }

  #binary(operator: string, left: ASTNode, right: ASTNode): string {
    const text = this.print(left);
    const isChain = left.op === operator && LEFT_ASSOCIATIVE.has(operator);
    return `(${isChain ? text.slice(1, -1) : text} ${operator} ${this.print(right)})`;
  }

  #identifier(name: string): string {
    if (this.#options.isRenaming && (name === 'cel' || name.startsWith(INTERNAL_PREFIX))) throw undeclared(name);
    return name;
  }

  #call(name: string, args: readonly ASTNode[]): string {
    if (!this.#options.isRenaming) return `${name}(${this.#all(args)})`;
    if (name.startsWith(INTERNAL_PREFIX)) throw undeclared(name);
    const [only] = args;
    if (name === 'has' && only !== undefined) return this.#has(only);
    if (!FUNCTIONS.has(name)) return `${name}(${this.#all(args)})`;
    if (name === 'matches') checkPattern(args[1]);
    return internalCall(name, this.#all(args));
  }

  #method(name: string, receiver: ASTNode, args: readonly ASTNode[]): string {
    const plain = (): string => `${this.print(receiver)}.${name}(${this.#all(args)})`;
    if (!this.#options.isRenaming) return plain();
    if (receiver.op === 'id' && NAMESPACES.get(receiver.args)?.has(name)) return internalCall(`${receiver.args}_${name}`, this.#all(args));
    if (name === 'optMap') return internalCall('first', this.#mapOptional(receiver, args));
    if (name === 'optFlatMap') return internalCall('flat', this.#mapOptional(receiver, args));
    if (FOREIGN_METHODS.has(name)) throw undeclared(name);
    if (COMPREHENSIONS.has(name)) return this.#comprehension(name, receiver, args);
    if (!METHODS.has(name)) return plain();
    if (name === 'matches') checkPattern(args[0]);
    if (name === 'format') checkFormat(receiver, args[0]);
    return internalCall(name, this.#all([receiver, ...args]));
  }

  /** What a comprehension runs over is counted first. */
  #comprehension(name: string, receiver: ASTNode, args: readonly ASTNode[]): string {
    return `${internalCall('range', this.print(receiver))}.${name === 'existsOne' ? 'exists_one' : name}(${this.#all(args)})`;
  }

  /** The library lacks these macros; an optional is a list of at most one element. */
  #mapOptional(receiver: ASTNode, args: readonly ASTNode[]): string {
    return `${internalCall('options', this.print(receiver))}.map(${this.#all(args)})`;
  }

  /** The library's macro only takes a path of names; another receiver is asked through an optional. */
  #has(field: ASTNode): string {
    let base = field;
    while (base.op === '.' || base.op === '.?') base = base.args[0];
    if (base.op === 'id' || field.op !== '.') return `has(${this.print(field)})`;
    return `${this.print(field.args[0])}.?${field.args[1]}.hasValue()`;
  }

  #all(nodes: readonly ASTNode[]): string {
    return nodes.map((node) => this.print(node)).join(', ');
  }
}

/** A chain of fields and indexes of which one may find nothing. */
function isOptional(node: ASTNode): boolean {
  if (node.op === '.?' || node.op === '[?]') return true;
  return (node.op === '.' || node.op === '[]') && isOptional(node.args[0]);
}

function internalCall(name: string, args: string): string {
  return `${INTERNAL_PREFIX}${name}(${WORK_VARIABLE}${args === '' ? '' : `, ${args}`})`;
}

function undeclared(name: string): ExpressionError {
  return new ExpressionError(`undeclared reference to '${name}' (in container '')`);
}

/** cel-go compiles literal patterns with the program. */
function checkPattern(argument: ASTNode | undefined): void {
  if (argument?.op !== 'value' || typeof argument.args !== 'string') return;
  const { error } = toPattern(argument.args);
  if (error !== undefined) throw new ExpressionError(`failed to create CEL program: ${error}`);
}

function checkFormat(template: ASTNode, values: ASTNode | undefined): void {
  if (template.op !== 'value' || typeof template.args !== 'string') return;
  const fault = checkTemplate(template.args, values?.op === 'list' ? values.args.length : undefined);
  if (fault !== null) throw new ExpressionError(fault);
}

function printLiteral(value: unknown): string {
  if (typeof value === 'string') return printString(value);
  if (typeof value === 'bigint') return printInt(value);
  if (typeof value === 'number') return printDouble(value);
  if (value instanceof UnsignedInt) return `${value.valueOf()}u`;
  if (value instanceof Uint8Array) return `b"${Array.from(value, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}"`;
  return String(value);
}

function printInt(value: bigint): string {
  if (value > HIGHEST_INT) throw new ExpressionError('invalid int literal');
  return value < 0n ? `(${value})` : `${value}`;
}

function printString(value: string): string {
  const escaped = value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `"${escaped}"`;
}

function printDouble(value: number): string {
  const text = String(value);
  const isPlain = /^-?\d+$/.test(text);
  return value < 0 ? `(${text}${isPlain ? '.0' : ''})` : `${text}${isPlain ? '.0' : ''}`;
}

function elementsOf(ast: ASTNode): readonly ASTNode[] {
  if (ast.op === 'list') return ast.args;
  if (ast.op === 'map') return ast.args.map(([, value]) => value);
  return [];
}

function childrenOf(ast: ASTNode): readonly ASTNode[] {
  return [ast.args].flat(3).filter(isNode);
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}

function isBinary(ast: ASTNode): ast is BinaryNode {
  return BINARY.has(ast.op);
}
