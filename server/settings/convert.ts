import type { XmlNode } from '../xml/xml-node.ts';
import { FREE, type Spend } from './xpath/work.ts';

/** What an element of opensrf.xml becomes. Its objects have no prototype: `__proto__` is a key like any other. */
export type Setting = string | number | SettingObject | SettingList;
/** Elements with children. */
export interface SettingObject {
  [name: string]: Setting;
}
/** An element that occurs more than once. */
export type SettingList = (string | number | SettingObject)[];

/** What becomes a part of an answer is written as JSON, cut, escaped and sent: that takes a step for each character, and so many besides. */
const STEPS_TO_WRITE = 8;

/**
 * Converts a node as OpenSRF's Perl library does: attributes and child elements become keys, repeated ones a list, an element
 * with nothing but text that text (or a number). What is mixed with text, and CDATA, loses its value; OpenSRF's own files hold neither.
 */
export function convert(node: XmlNode, spend: Spend = FREE): string | number | SettingObject {
  const [only, more] = node.children;
  spend(STEPS_TO_WRITE + node.name.length);
  if (only?.kind === 'text' && more === undefined) return scalar(only.value, spend);
  const converted: SettingObject = Object.create(null);
  for (const { name, value } of node.attributes) converted[name] = scalar(value, spend);
  for (const child of node.children) {
    if (child.kind === 'comment' || child.name === 'comment') continue;
    add(converted, child.name, convert(child, spend));
  }
  return converted;
}

/** Up to ten digits are a number; a line break behind them is no matter, any other white space is part of the text. */
function scalar(text: string, spend: Spend): string | number {
  spend(STEPS_TO_WRITE + text.length);
  return /^[0-9]{1,10}\n?$/.test(text) ? Number(text) : text;
}

function add(object: SettingObject, name: string, value: string | number | SettingObject): void {
  const before = object[name];
  if (before === undefined) object[name] = value;
  else if (Array.isArray(before)) before.push(value);
  else object[name] = [before, value];
}
