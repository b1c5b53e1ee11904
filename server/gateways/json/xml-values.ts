import { JsonText, plainText, readClassed } from '../../../shared/osrf/json.ts';
import { readJson } from '../../../shared/osrf/json-reader.ts';
import { escapeAttribute, escapeText } from '../../../shared/xml.ts';

const NAMESPACE = 'http://opensrf.org/-/namespaces/gateway/v1';

/** The XML before and after the results of an answer. */
export const XML_OPENING = `<response xmlns="${NAMESPACE}"><payload>`;
export const XML_END_OF_PAYLOAD = '</payload>';

const MOST_INTEGER = 2 ** 31;

const WHOLE = { levels: Number.POSITIVE_INFINITY, mostValues: Number.POSITIVE_INFINITY } as const;

/** A result in the vocabulary of OpenSRF's gateway. */
export function* xmlOfJson(json: string): Generator<void, string, void> {
  const { value } = yield* readJson(json, WHOLE);
  let xml = '';
  for (const piece of xmlPieces(value, '')) {
    xml += piece;
    yield;
  }
  return xml;
}

/** @param hint The class of an object; `''`: none. */
function* xmlPieces(value: unknown, hint: string): Generator<string, void, void> {
  if (typeof value !== 'object' || value === null || value instanceof JsonText) {
    yield xmlOfPlain(value, attributeOf(hint));
    return;
  }
  const [name, data] = hint === '' ? readClassed(value) : ['', {}];
  if (name !== '') yield* xmlPieces(data, name);
  else if (Array.isArray(value)) yield* xmlOfList(value, attributeOf(hint));
  else yield* xmlOfObject(value as Readonly<Record<string, unknown>>, attributeOf(hint));
}

function* xmlOfList(list: readonly unknown[], attribute: string): Generator<string, void, void> {
  yield `<array${attribute}>`;
  for (const one of list) yield* xmlPieces(one, '');
  yield '</array>';
}

function* xmlOfObject(object: Readonly<Record<string, unknown>>, attribute: string): Generator<string, void, void> {
  yield `<object${attribute}>`;
  for (const key of Object.keys(object)) {
    yield `<element key="${escapeAttribute(key)}">`;
    yield* xmlPieces(object[key], '');
    yield '</element>';
  }
  yield '</object>';
}

function xmlOfPlain(value: unknown, attribute: string): string {
  switch (typeof value) {
    case 'number':
      return `<number${attribute}>${numberText(value)}</number>`;
    case 'boolean':
      return `<boolean value="${value}"${attribute}/>`;
    default:
      // A long string stays as sent.
      return value === null ? `<null${attribute}/>` : `<string${attribute}>${escapeText(plainText(value))}</string>`;
  }
}

function attributeOf(hint: string): string {
  return hint === '' ? '' : ` class_hint="${escapeAttribute(hint)}"`;
}

/** Formatted as C's `%f`, except whole numbers of 32 bits. */
function numberText(number: number): string {
  // There `toFixed` writes an exponent.
  if (Math.abs(number) >= 1e21 && Number.isFinite(number)) return `${BigInt(number)}.000000`;
  return Number.isInteger(number) && Math.abs(number) < MOST_INTEGER ? String(number) : number.toFixed(6);
}
