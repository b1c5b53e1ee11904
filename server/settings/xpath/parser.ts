import type { XmlNode } from '../../xml/xml-node.ts';
import { AXES, type Axis } from './axes.ts';
import { FUNCTIONS } from './functions.ts';
import { type Operators, PRECEDENCE } from './operators.ts';
import { type Expression, filter, inDocumentOrder, type NodeTest, nodesOf, type Predicate, type Step, walk } from './steps.ts';
import { type Token, tokenize, XPathError } from './tokens.ts';
import { toNumber } from './values.ts';

const NODE_TYPES: ReadonlyMap<string, NodeTest> = new Map<string, NodeTest>([
  ['node', () => true],
  ['text', ({ kind }) => kind === 'text' || kind === 'cdata'],
  ['comment', ({ kind }) => kind === 'comment'],
  ['processing-instruction', ({ kind }) => kind === 'instruction'],
]);

/** The most nested parentheses, predicates and arguments: each level takes much of the stack. */
const MAX_DEPTH = 64;

const axisOf = (name: string): Axis => AXES.get(name) as Axis;
const ANY_BELOW: Step = { axis: axisOf('descendant-or-self'), test: () => true, predicates: [] };

/**
 * Compiles an XPath 1.0 expression.
 * @param namespace Resolves a prefix; undefined if it is not declared.
 * @throws XPathError
 */
export function parseXPath(expression: string, namespace: (prefix: string) => string | undefined): Expression {
  return new Parser(expression, namespace).parse();
}

class Parser {
  private readonly expression: string;
  private readonly namespace: (prefix: string) => string | undefined;
  private readonly tokens: readonly Token[];
  private place = 0;
  private depth = 0;

  constructor(expression: string, namespace: (prefix: string) => string | undefined) {
    this.expression = expression;
    this.namespace = namespace;
    this.tokens = tokenize(expression);
  }

  parse(): Expression {
    const parsed = this.operation(0);
    if (this.place < this.tokens.length) this.fail();
    return parsed;
  }

  private operation(level: number): Expression {
    const operators = PRECEDENCE[level];
    if (operators === undefined) return this.negation();
    let left = this.operation(level + 1);
    for (let operator = this.operator(operators); operator !== undefined; operator = this.operator(operators)) left = operator(left, this.operation(level + 1));
    return left;
  }

  private operator(operators: Operators): Operators[string] | undefined {
    const next = this.tokens[this.place];
    if (next === undefined || (next.kind === 'symbol' && next.text === '*') || (next.kind !== 'symbol' && next.kind !== 'operator')) return undefined;
    const operator = Object.hasOwn(operators, next.text) ? operators[next.text] : undefined;
    if (operator !== undefined) this.place++;
    return operator;
  }

  private negation(): Expression {
    let signs = 0;
    while (this.take('-')) signs++;
    const operand = this.union();
    if (signs === 0) return operand;
    const factor = signs % 2 === 0 ? 1 : -1;
    return (context) => factor * toNumber(operand(context), context.spend);
  }

  private union(): Expression {
    const paths = [this.path()];
    while (this.take('|')) paths.push(this.path());
    const [only] = paths as [Expression];
    if (paths.length === 1) return only;
    return (context) =>
      inDocumentOrder(
        paths.flatMap((path) => [...nodesOf(path(context))]),
        context.spend,
      );
  }

  private path(): Expression {
    const primary = this.primary();
    if (primary === null) return this.locationPath();
    const predicates = this.predicates();
    const steps = this.take('/') ? this.steps() : this.take('//') ? [ANY_BELOW, ...this.steps()] : [];
    if (predicates.length === 0 && steps.length === 0) return primary;
    return (context) => walk(filter(nodesOf(primary(context)), predicates, context.spend), steps, context.spend);
  }

  /** A literal, a number, a function call, or an expression in parentheses. */
  private primary(): Expression | null {
    const next = this.tokens[this.place];
    if (next?.kind === 'literal' || next?.kind === 'number') {
      this.place++;
      const value = next.kind === 'number' ? Number(next.text) : next.text;
      return () => value;
    }
    if (this.take('(')) {
      const inner = this.nested();
      this.expect(')');
      return inner;
    }
    const calls = next?.kind === 'name' && this.textAt(1) === '(' && !NODE_TYPES.has(next.text);
    return calls ? this.call() : null;
  }

  private call(): Expression {
    const name = this.next().text;
    this.expect('(');
    const parameters: Expression[] = [];
    if (!this.take(')')) {
      do parameters.push(this.nested());
      while (this.take(','));
      this.expect(')');
    }
    const definition = FUNCTIONS.get(name);
    if (definition === undefined) throw new XPathError(this.expression, `unknown function ${name}()`);
    const { fewest, most, call } = definition;
    if (parameters.length < fewest || parameters.length > most) throw new XPathError(this.expression, `wrong number of arguments for ${name}()`);
    return (context) => call(context, ...parameters.map((parameter) => parameter(context)));
  }

  private locationPath(): Expression {
    if (this.take('//')) return this.absolute([ANY_BELOW, ...this.steps()]);
    if (this.take('/')) return this.absolute(this.atStep() ? this.steps() : []);
    const steps = this.steps();
    return ({ node, spend }) => walk([node], steps, spend);
  }

  private absolute(steps: readonly Step[]): Expression {
    return ({ node, spend }) => {
      let root: XmlNode = node;
      while (root.parent !== null) root = root.parent;
      return walk([root], steps, spend);
    };
  }

  private atStep(): boolean {
    const next = this.tokens[this.place];
    return next !== undefined && (next.kind === 'name' || (next.kind === 'symbol' && ['.', '..', '@', '*'].includes(next.text)));
  }

  private steps(): Step[] {
    const steps = [this.step()];
    for (;;) {
      if (this.take('//')) steps.push(ANY_BELOW, this.step());
      else if (this.take('/')) steps.push(this.step());
      else return steps;
    }
  }

  private step(): Step {
    if (this.take('..')) return { axis: axisOf('parent'), test: () => true, predicates: [] };
    if (this.take('.')) return { axis: axisOf('self'), test: () => true, predicates: [] };
    const name = this.axisName();
    const axis = AXES.get(name);
    if (axis === undefined) throw new XPathError(this.expression, `unknown axis ${name}::`);
    return { axis, test: this.nodeTest(name === 'attribute' ? 'attribute' : 'element'), predicates: this.predicates() };
  }

  private axisName(): string {
    if (this.take('@')) return 'attribute';
    if (this.textAt(1) !== '::') return 'child';
    const { text } = this.next();
    this.expect('::');
    return text;
  }

  private nodeTest(kind: XmlNode['kind']): NodeTest {
    if (this.take('*')) return (node) => node.kind === kind;
    const name = this.next();
    if (name.kind !== 'name') this.fail(-1);
    const type = this.textAt(0) === '(' ? NODE_TYPES.get(name.text) : undefined;
    if (type !== undefined) return this.typeTest(type);
    const [local, prefix] = name.text.split(':').reverse() as [string, string | undefined];
    const uri = prefix === undefined ? '' : this.namespace(prefix);
    if (uri === undefined) throw new XPathError(this.expression, `the prefix ${prefix} is not declared`);
    if (local === '*') return (node) => node.kind === kind && node.uri === uri;
    return (node) => node.kind === kind && node.local === local && node.uri === uri;
  }

  private typeTest(type: NodeTest): NodeTest {
    this.expect('(');
    const target = this.tokens[this.place];
    if (target?.kind !== 'literal') {
      this.expect(')');
      return type;
    }
    this.place++;
    this.expect(')');
    return (node) => type(node) && node.name === target.text;
  }

  private predicates(): Predicate[] {
    const predicates: Predicate[] = [];
    while (this.take('[')) {
      const start = this.place;
      const expression = this.nested();
      predicates.push({ expression, tokens: this.place - start });
      this.expect(']');
    }
    return predicates;
  }

  /** A nested expression. */
  private nested(): Expression {
    if (++this.depth > MAX_DEPTH) throw new XPathError(this.expression, `nested deeper than ${MAX_DEPTH} levels`);
    const inner = this.operation(0);
    this.depth--;
    return inner;
  }

  private textAt(offset: number): string {
    const token = this.tokens[this.place + offset];
    return token?.kind === 'symbol' ? token.text : '';
  }

  private take(symbol: string): boolean {
    if (this.textAt(0) !== symbol) return false;
    this.place++;
    return true;
  }

  private expect(symbol: string): void {
    if (!this.take(symbol)) this.fail();
  }

  private next(): Token {
    const token = this.tokens[this.place] ?? this.fail();
    this.place++;
    return token;
  }

  private fail(offset = 0): never {
    const token = this.tokens[this.place + offset];
    throw new XPathError(this.expression, token === undefined ? 'unexpected end' : `syntax error at "${token.text}"`);
  }
}
