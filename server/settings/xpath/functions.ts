import type { XmlNode } from '../../xml/xml-node.ts';
import { isNodes, stringOf, toBoolean, toNumber, toText, type Value } from './values.ts';
import { type Spend, stepsFor } from './work.ts';

/** The context of an evaluation (XPath 1.0 §1). */
export interface Context {
  readonly node: XmlNode;
  /** From 1. */
  readonly position: number;
  readonly size: number;
  readonly spend: Spend;
}

type XPathFunction = (context: Context, ...values: Value[]) => Value;

/** A function with its number of arguments. */
export interface FunctionDefinition {
  readonly fewest: number;
  readonly most: number;
  readonly call: XPathFunction;
}

function nodesOf(value: Value): readonly XmlNode[] {
  if (!isNodes(value)) throw new Error('an argument must select nodes');
  return value;
}

function first({ node }: Context, value: Value | undefined): XmlNode | undefined {
  return value === undefined ? node : nodesOf(value)[0];
}

/** The string value of an argument, by default of the context node. */
function textOf({ node, spend }: Context, value: Value | undefined): string {
  return value === undefined ? stringOf(node, spend) : toText(value, spend);
}

/** Its characters, for a function that visits each of them. */
function characters(context: Context, value: Value | undefined): string[] {
  const text = textOf(context, value);
  context.spend(text.length);
  return Array.from(text);
}

/** The string value, for a function that searches or copies it. */
function text(context: Context, value: Value | undefined): string {
  const found = value === undefined ? '' : toText(value, context.spend);
  context.spend(stepsFor(found));
  return found;
}

function number({ spend }: Context, value: Value | undefined): number {
  return value === undefined ? Number.NaN : toNumber(value, spend);
}

function hasName({ kind }: XmlNode): boolean {
  return kind === 'element' || kind === 'attribute' || kind === 'instruction';
}

function nameOf(node: XmlNode | undefined, part: 'name' | 'local'): string {
  return node !== undefined && hasName(node) ? node[part] : '';
}

function sum({ spend }: Context, nodes: readonly XmlNode[]): number {
  return nodes.reduce((total, node) => total + toNumber(stringOf(node, spend), spend), 0);
}

function normalized(context: Context, value: Value | undefined): string {
  return characters(context, value)
    .join('')
    .replace(/[ \t\r\n]+/g, ' ')
    .replace(/^ | $/g, '');
}

function before(whole: string, mark: string): string {
  return whole.slice(0, Math.max(0, whole.indexOf(mark)));
}

function behind(whole: string, mark: string): string {
  const place = whole.indexOf(mark);
  return place === -1 ? '' : whole.slice(place + mark.length);
}

/** XPath 1.0 §4.2: positions count from 1 and are rounded. */
function substring(all: readonly string[], from: number, length: number): string {
  const start = Math.round(from);
  const end = start + Math.round(length);
  return all.filter((_, index) => index + 1 >= start && index + 1 < end).join('');
}

function translate(all: readonly string[], from: readonly string[], to: readonly string[]): string {
  const changes = new Map<string, string>();
  for (const [place, character] of from.entries()) if (!changes.has(character)) changes.set(character, to[place] ?? '');
  return all.map((character) => changes.get(character) ?? character).join('');
}

function define(fewest: number, most: number, call: XPathFunction): FunctionDefinition {
  return { fewest, most, call };
}

/** The core functions (XPath 1.0 §4) except `id` and `lang`, which opensrf.xml cannot use. */
export const FUNCTIONS: ReadonlyMap<string, FunctionDefinition> = new Map<string, FunctionDefinition>([
  ['last', define(0, 0, ({ size }) => size)],
  ['position', define(0, 0, ({ position }) => position)],
  ['count', define(1, 1, (_, nodes) => nodesOf(nodes as Value).length)],
  ['sum', define(1, 1, (context, nodes) => sum(context, nodesOf(nodes as Value)))],
  ['name', define(0, 1, (context, nodes) => nameOf(first(context, nodes), 'name'))],
  ['local-name', define(0, 1, (context, nodes) => nameOf(first(context, nodes), 'local'))],
  ['namespace-uri', define(0, 1, (context, nodes) => first(context, nodes)?.uri ?? '')],
  ['string', define(0, 1, textOf)],
  ['string-length', define(0, 1, (context, value) => characters(context, value).length)],
  ['normalize-space', define(0, 1, normalized)],
  ['concat', define(2, Number.POSITIVE_INFINITY, (context, ...values) => values.map((value) => text(context, value)).join(''))],
  ['starts-with', define(2, 2, (context, whole, start) => text(context, whole).startsWith(text(context, start)))],
  ['contains', define(2, 2, (context, whole, part) => text(context, whole).includes(text(context, part)))],
  ['substring-before', define(2, 2, (context, whole, mark) => before(text(context, whole), text(context, mark)))],
  ['substring-after', define(2, 2, (context, whole, mark) => behind(text(context, whole), text(context, mark)))],
  [
    'substring',
    define(2, 3, (context, whole, from, length) =>
      substring(characters(context, whole), number(context, from), length === undefined ? Number.POSITIVE_INFINITY : number(context, length)),
    ),
  ],
  ['translate', define(3, 3, (context, whole, from, to) => translate(characters(context, whole), characters(context, from), characters(context, to)))],
  ['boolean', define(1, 1, (_, value) => toBoolean(value as Value))],
  ['not', define(1, 1, (_, value) => !toBoolean(value as Value))],
  ['true', define(0, 0, () => true)],
  ['false', define(0, 0, () => false)],
  ['number', define(0, 1, (context, value) => toNumber(value ?? textOf(context, undefined), context.spend))],
  ['floor', define(1, 1, (context, value) => Math.floor(number(context, value)))],
  ['ceiling', define(1, 1, (context, value) => Math.ceil(number(context, value)))],
  ['round', define(1, 1, (context, value) => Math.round(number(context, value)))],
]);
