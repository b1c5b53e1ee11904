// The changes that can be made to a piece of JavaScript: each is one small mistake.
import { tokensOf } from './tokens.js';

const COMPARISONS = new Map([
  ['<', ['<=', '>=']],
  ['<=', ['<', '>']],
  ['>', ['>=', '<=']],
  ['>=', ['>', '<']],
  ['===', ['!==']],
  ['!==', ['===']],
  ['&&', ['||']],
  ['||', ['&&']],
]);
const CLOSING = new Map([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
]);

/**
 * @param {string} code
 * @returns {{ start: number, end: number, text: string, kind: string }[]} the replacements.
 */
export function mutantsOf(code) {
  const tokens = tokensOf(code);
  return tokens.flatMap((_, index) => [
    ...comparison(tokens, index),
    ...negation(tokens, index),
    ...constant(tokens, index),
    ...earlyReturn(tokens, index),
    ...boolean(tokens, index),
    ...string(tokens, index),
    ...call(tokens, index),
  ]);
}

/** @returns the code with one of its changes. */
export function changedBy(code, { start, end, text, also }) {
  const behind = also === undefined ? code.slice(end) : code.slice(end, also.at) + also.text + code.slice(also.at);
  return code.slice(0, start) + text + behind;
}

function comparison(tokens, index) {
  const { kind, text, start, end } = tokens[index];
  if (kind !== 'punctuator') return [];
  return (COMPARISONS.get(text) ?? []).map((other) => ({ start, end, text: other, kind: 'comparison flipped' }));
}

function negation(tokens, index) {
  if (!isWord(tokens[index], 'if', 'while') || isMember(tokens, index) || tokens[index + 1]?.text !== '(') return [];
  const { end } = tokens[index + 1];
  const { start: close } = tokens[closing(tokens, index + 1)];
  return [{ start: end, end: end, text: '!(', kind: 'condition negated', also: { at: close, text: ')' } }];
}

function constant(tokens, index) {
  const { kind, text, start, end } = tokens[index];
  if (kind !== 'number' || isKey(tokens, index)) return [];
  const value = Number(text.replaceAll('_', ''));
  return [value + 1, value - 1].map((other) => ({ start, end, text: other < 0 ? `(${other})` : String(other), kind: 'constant by one' }));
}

function earlyReturn(tokens, index) {
  if (!isWord(tokens[index], 'if') || isMember(tokens, index)) return [];
  const close = closing(tokens, index + 1);
  if (!isWord(tokens[close + 1], 'return')) return [];
  const last = statementEnd(tokens, close + 1);
  if (isWord(tokens[last + 1], 'else')) return [];
  return [{ start: tokens[index].start, end: tokens[last].end, text: ';', kind: 'early return removed' }];
}

function boolean(tokens, index) {
  const { text, start, end } = tokens[index];
  if (!isWord(tokens[index], 'true', 'false') || isMember(tokens, index) || isKey(tokens, index)) return [];
  return [{ start, end, text: text === 'true' ? 'false' : 'true', kind: 'boolean flipped' }];
}

function string(tokens, index) {
  const { kind, text, start, end } = tokens[index];
  if (kind !== 'string' || text.length === 2 || isKey(tokens, index) || isWord(tokens[index - 1], 'from', 'import')) return [];
  if (isWord(tokens[index - 2], 'import')) return [];
  return [{ start, end, text: "''", kind: 'string emptied' }];
}

/** A statement that is a call and nothing else. */
function call(tokens, index) {
  const before = tokens[index - 1];
  if (before !== undefined && ![';', '{', '}', ')'].includes(before.text) && !isWord(before, 'else')) return [];
  const first = isWord(tokens[index], 'await', 'void') ? index + 1 : index;
  if (tokens[first]?.kind !== 'word' || isWord(tokens[first], 'super', 'return', 'throw', 'import', 'export', 'if', 'for', 'while', 'switch', 'catch'))
    return [];
  let at = first + 1;
  while (['.', '?.', '(', '['].includes(tokens[at]?.text)) at = CLOSING.has(tokens[at].text) ? closing(tokens, at) + 1 : at + 2;
  if (tokens[at]?.text !== ';' || tokens[at - 1].text !== ')') return [];
  return [{ start: tokens[index].start, end: tokens[at].end, text: ';', kind: 'call dropped' }];
}

function isWord(token, ...texts) {
  return token?.kind === 'word' && texts.includes(token.text);
}

function isMember(tokens, index) {
  return ['.', '?.'].includes(tokens[index - 1]?.text);
}

/** Whether it is the name of a property in an object. */
function isKey(tokens, index) {
  return tokens[index + 1]?.text === ':' && ['{', ','].includes(tokens[index - 1]?.text);
}

/** @returns where the bracket at `index` is closed. */
function closing(tokens, index) {
  let depth = 0;
  for (let at = index; ; at++) {
    const { kind, text } = tokens[at];
    if (kind !== 'punctuator') continue;
    if (CLOSING.has(text)) depth++;
    if ([')', ']', '}'].includes(text) && --depth === 0) return at;
  }
}

/** @returns where the semicolon of a statement is. */
function statementEnd(tokens, index) {
  let at = index;
  while (tokens[at].text !== ';') at = CLOSING.has(tokens[at].text) ? closing(tokens, at) + 1 : at + 1;
  return at;
}
