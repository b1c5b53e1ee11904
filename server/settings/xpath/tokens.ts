/** A piece of an XPath expression. */
export interface Token {
  readonly kind: 'symbol' | 'operator' | 'name' | 'number' | 'literal';
  readonly text: string;
}

/** The expression is invalid, or selects no settings. */
export class XPathError extends Error {
  constructor(expression: string, problem: string) {
    super(`XPath "${shortened(expression)}": ${problem}`);
    this.name = 'XPathError';
  }
}

/** Shortens an expression, which may be as long as a message. */
function shortened(text: string): string {
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}

const SHOWN = 200;

/** The most tokens: each operator may nest the previous ones, so a longer expression could overflow the stack. */
const MAX_TOKENS = 1_000;

const NAME = '[\\p{L}_][\\p{L}\\p{N}\\p{M}_.\\u00b7-]*';
const TOKEN = new RegExp(
  `[ \\t\\r\\n]*(?:("[^"]*"|'[^']*')|(\\d+(?:\\.\\d*)?|\\.\\d+)|(${NAME}(?::(?!:)(?:${NAME}|\\*))?)|(::|\\.\\.|//|!=|<=|>=|[()[\\].@,/|+=<>*-]))`,
  'uy',
);
const OPERATOR_NAMES = new Set(['and', 'or', 'mod', 'div']);
const BEFORE_OPERAND = new Set(['@', '::', '(', '[', ',', '/', '//', '|', '+', '-', '=', '!=', '<', '<=', '>', '>=']);

/** Cuts an expression into tokens (XPath 1.0 §3.7). @throws XPathError */
export function tokenize(expression: string): Token[] {
  const tokens: Token[] = [];
  const end = expression.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(expression);
    if (match === null) throw new XPathError(expression, `syntax error at "${shortened(expression.slice(start).trim())}"`);
    if (tokens.length === MAX_TOKENS) throw new XPathError(expression, `has more than ${MAX_TOKENS} tokens`);
    tokens.push(token(match, tokens[tokens.length - 1]));
  }
  return tokens;
}

function token([, literal, number, name, symbol]: RegExpExecArray, before: Token | undefined): Token {
  if (literal !== undefined) return { kind: 'literal', text: literal.slice(1, -1) };
  if (number !== undefined) return { kind: 'number', text: number };
  // §3.7: after an operand, `*` and the names of operators are operators.
  const afterOperand = before !== undefined && before.kind !== 'operator' && !(before.kind === 'symbol' && BEFORE_OPERAND.has(before.text));
  if (name !== undefined) return { kind: afterOperand && OPERATOR_NAMES.has(name) ? 'operator' : 'name', text: name };
  return { kind: symbol === '*' && afterOperand ? 'operator' : 'symbol', text: symbol as string };
}
