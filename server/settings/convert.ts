import type { XmlNode } from '../xml/xml-node.ts';
import { FREE, type Spend } from './xpath/work.ts';

/** A converted element of opensrf.xml. Objects have no prototype, so `__proto__` is an ordinary key. */
export type Setting = string | number | SettingObject | SettingList;
/** An element with children. */
export interface SettingObject {
  [name: string]: Setting;
}
/** A repeated element. */
export type SettingList = (string | number | SettingObject)[];

/** Steps per value of an answer, for writing, chunking, escaping and sending, in addition to one step per character. */
const STEPS_TO_WRITE = 8;

/**
 * Converts a node as OpenSRF's Perl library does: attributes and child elements become keys, repeated elements a list, an element
 * with only text its text (or a number). Mixed content and CDATA are lost; OpenSRF's own files contain neither.
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

/** Converts up to ten digits to a number. A trailing line break is allowed; other white space makes it a string. */
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
