import type { XmlNode } from '../../xml/xml-node.ts';
import { isNodes, stringOf, toBoolean, toNumber, toText, type Value } from './values.ts';

/** Where an expression is evaluated (XPath 1.0 §1). */
export interface Context {
  readonly node: XmlNode;
  /** From 1. */
  readonly position: number;
  readonly size: number;
  /** Counts visited nodes; throws when they are too many. */
  readonly visit: (nodes: number) => void;
}

type XPathFunction = (context: Context, ...values: Value[]) => Value;

/** A function's number of arguments, and what it does. */
export interface FunctionDefinition {
  readonly fewest: number;
  readonly most: number;
  readonly call: XPathFunction;
}

function nodesOf(value: Value): readonly XmlNode[] {
  if (!isNodes(value)) throw new Error('an argument must select nodes');
  return value;
}

function first(context: Context, value: Value | undefined): XmlNode | undefined {
  return value === undefined ? context.node : nodesOf(value)[0];
}

function textOf(context: Context, value: Value | undefined): string {
  return value === undefined ? stringOf(context.node) : toText(value);
}

function hasName({ kind }: XmlNode): boolean {
  return kind === 'element' || kind === 'attribute' || kind === 'instruction';
}

function nameOf(node: XmlNode | undefined, part: 'name' | 'local'): string {
  return node !== undefined && hasName(node) ? node[part] : '';
}

/** XPath 1.0 §4.2: places count from 1, and are rounded. */
function substring(text: string, from: number, length: number): string {
  const start = Math.round(from);
  const end = start + Math.round(length);
  return Array.from(text)
    .filter((_, index) => index + 1 >= start && index + 1 < end)
    .join('');
}

function translate(text: string, from: string, to: string): string {
  const [before, after] = [Array.from(from), Array.from(to)];
  return Array.from(text, (character) => {
    const place = before.indexOf(character);
    return place === -1 ? character : (after[place] ?? '');
  }).join('');
}

function define(fewest: number, most: number, call: XPathFunction): FunctionDefinition {
  return { fewest, most, call };
}

const s = (value: Value | undefined): string => (value === undefined ? '' : toText(value));
const n = (value: Value | undefined): number => (value === undefined ? Number.NaN : toNumber(value));

/** XPath's core functions (XPath 1.0 §4), but `id` and `lang`, which need what opensrf.xml does not have. */
export const FUNCTIONS: ReadonlyMap<string, FunctionDefinition> = new Map<string, FunctionDefinition>([
  ['last', define(0, 0, ({ size }) => size)],
  ['position', define(0, 0, ({ position }) => position)],
  ['count', define(1, 1, (_, nodes) => nodesOf(nodes as Value).length)],
  ['sum', define(1, 1, (_, nodes) => nodesOf(nodes as Value).reduce((sum, node) => sum + toNumber(stringOf(node)), 0))],
  ['name', define(0, 1, (context, nodes) => nameOf(first(context, nodes), 'name'))],
  ['local-name', define(0, 1, (context, nodes) => nameOf(first(context, nodes), 'local'))],
  ['namespace-uri', define(0, 1, (context, nodes) => first(context, nodes)?.uri ?? '')],
  ['string', define(0, 1, textOf)],
  ['string-length', define(0, 1, (context, value) => Array.from(textOf(context, value)).length)],
  [
    'normalize-space',
    define(0, 1, (context, value) =>
      textOf(context, value)
        .replace(/[ \t\r\n]+/g, ' ')
        .replace(/^ | $/g, ''),
    ),
  ],
  ['concat', define(2, Number.POSITIVE_INFINITY, (_, ...values) => values.map(toText).join(''))],
  ['starts-with', define(2, 2, (_, text, start) => s(text).startsWith(s(start)))],
  ['contains', define(2, 2, (_, text, part) => s(text).includes(s(part)))],
  ['substring-before', define(2, 2, (_, text, mark) => s(text).slice(0, Math.max(0, s(text).indexOf(s(mark)))))],
  ['substring-after', define(2, 2, (_, text, mark) => (s(text).includes(s(mark)) ? s(text).slice(s(text).indexOf(s(mark)) + s(mark).length) : ''))],
  ['substring', define(2, 3, (_, text, from, length) => substring(s(text), n(from), length === undefined ? Number.POSITIVE_INFINITY : n(length)))],
  ['translate', define(3, 3, (_, text, from, to) => translate(s(text), s(from), s(to)))],
  ['boolean', define(1, 1, (_, value) => toBoolean(value as Value))],
  ['not', define(1, 1, (_, value) => !toBoolean(value as Value))],
  ['true', define(0, 0, () => true)],
  ['false', define(0, 0, () => false)],
  ['number', define(0, 1, (context, value) => (value === undefined ? toNumber(stringOf(context.node)) : toNumber(value)))],
  ['floor', define(1, 1, (_, value) => Math.floor(n(value)))],
  ['ceiling', define(1, 1, (_, value) => Math.ceil(n(value)))],
  ['round', define(1, 1, (_, value) => Math.round(n(value)))],
]);
