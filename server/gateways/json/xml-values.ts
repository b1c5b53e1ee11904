import { readClassed } from '../../../shared/osrf/json.ts';
import { escapeAttribute, escapeText } from '../../../shared/xml.ts';

const NAMESPACE = 'http://opensrf.org/-/namespaces/gateway/v1';

/** The XML before and after the results of an answer. */
export const XML_OPENING = `<response xmlns="${NAMESPACE}"><payload>`;
export const XML_END_OF_PAYLOAD = '</payload>';

const MOST_INTEGER = 2 ** 31;

/** A value in the vocabulary of OpenSRF's gateway. @param hint The class of an object; `''`: none. */
export function xmlValue(value: unknown, hint = ''): string {
  const [name, data] = hint === '' ? readClassed(value) : ['', {}];
  if (name !== '') return xmlValue(data, name);
  const attribute = hint === '' ? '' : ` class_hint="${escapeAttribute(hint)}"`;
  switch (typeof value) {
    case 'string':
      return `<string${attribute}>${escapeText(value)}</string>`;
    case 'number':
      return `<number${attribute}>${numberText(value)}</number>`;
    case 'boolean':
      return `<boolean value="${value}"${attribute}/>`;
    default:
      return xmlOfObject(value, attribute);
  }
}

function xmlOfObject(value: unknown, attribute: string): string {
  if (typeof value !== 'object' || value === null) return `<null${attribute}/>`;
  if (Array.isArray(value)) return `<array${attribute}>${value.map((one) => xmlValue(one)).join('')}</array>`;
  const elements = Object.entries(value).map(([key, one]) => `<element key="${escapeAttribute(key)}">${xmlValue(one)}</element>`);
  return `<object${attribute}>${elements.join('')}</object>`;
}

/** Formatted as C's `%f`, except whole numbers of 32 bits. */
function numberText(number: number): string {
  return Number.isInteger(number) && Math.abs(number) < MOST_INTEGER ? String(number) : number.toFixed(6);
}
