// Cuts JavaScript as tsc writes it into tokens. TypeScript 7 is a native program and has no scanner to call.

const WORD = /[\p{ID_Start}$_#][\p{ID_Continue}$]*/uy;
const NUMBER = /0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.[\d_]+)?(?:[eE][+-]?\d+)?/y;
const STRING = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y;
const PUNCTUATOR = />>>=|\.\.\.|===|!==|\*\*=|<<=|>>=|>>>|&&=|\|\|=|\?\?=|=>|==|!=|<=|>=|&&|\|\||\?\?|\?\.|\+\+|--|[+\-*/%&|^]=|\*\*|<<|>>|[\s\S]/y;
const BLANK = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/|^#![^\n]*)+/y;

/** Words behind which a slash begins a regular expression. */
const OPERATORS = new Set(['return', 'typeof', 'case', 'in', 'of', 'do', 'else', 'void', 'delete', 'throw', 'new', 'await', 'yield']);

/**
 * @param {string} code
 * @returns {{ kind: 'word' | 'number' | 'string' | 'template' | 'regex' | 'punctuator', text: string, start: number, end: number }[]} without white space and comments.
 */
export function tokensOf(code) {
  const tokens = [];
  for (let at = skipBlank(code, 0); at < code.length; at = skipBlank(code, tokens.at(-1).end)) tokens.push(tokenAt(code, at, tokens.at(-1)));
  return tokens;
}

function skipBlank(code, at) {
  return at + matchAt(BLANK, code, at).length;
}

function tokenAt(code, start, before) {
  const kinds = [
    ['word', () => matchAt(WORD, code, start)],
    ['number', () => matchAt(NUMBER, code, start)],
    ['string', () => matchAt(STRING, code, start)],
    ['template', () => (code[start] === '`' ? code.slice(start, templateEnd(code, start)) : '')],
    ['regex', () => (mayBeRegex(before) ? matchAt(REGEX, code, start) : '')],
    ['punctuator', () => matchAt(PUNCTUATOR, code, start)],
  ];
  for (const [kind, read] of kinds) {
    const text = read();
    if (text !== '') return { kind, text, start, end: start + text.length };
  }
  throw new Error(`no token at ${code.slice(start, start + 20)}`);
}

function matchAt(pattern, code, at) {
  pattern.lastIndex = at;
  return pattern.exec(code)?.[0] ?? '';
}

function mayBeRegex(before) {
  if (before === undefined) return true;
  if (before.kind === 'word') return OPERATORS.has(before.text);
  return before.kind === 'punctuator' && ![')', ']', '}'].includes(before.text);
}

/** A template is one token, with everything in it. */
function templateEnd(code, start) {
  for (let at = start + 1; ; at++) {
    if (code[at] === '`') return at + 1;
    if (code[at] === '\\') at++;
    else if (code.startsWith('${', at)) at = substitutionEnd(code, at + 2) - 1;
  }
}

/** @returns the place behind the brace that closes a substitution. */
function substitutionEnd(code, start) {
  let before;
  let depth = 1;
  for (let at = skipBlank(code, start); ; at = skipBlank(code, before.end)) {
    before = tokenAt(code, at, before);
    if (before.text === '{') depth++;
    if (before.text === '}' && --depth === 0) return before.end;
  }
}
