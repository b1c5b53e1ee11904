const SPECIAL_IN_ATTRIBUTE = /[&<>'"\t\n\r]/;
const SPECIAL_IN_TEXT = /[&<>\r]/;

/** Escapes a value for an attribute in either kind of quotes. White space other than the blank survives attribute normalization. */
export function escapeAttribute(value: string): string {
  // Most addresses need no escaping: a test costs a third of a replace without a match.
  if (!SPECIAL_IN_ATTRIBUTE.test(value)) return value;
  return value.replace(/[&<>'"\t\n\r]/g, escapeOne);
}

/** An attribute of a start tag, after white space; `''` without a value. */
export function attribute(name: string, value: string): string {
  return value === '' ? '' : ` ${name}='${escapeAttribute(value)}'`;
}

/** Escapes character data. */
export function escapeText(value: string): string {
  if (!SPECIAL_IN_TEXT.test(value)) return value;
  return value.replace(/[&<>\r]/g, escapeOne);
}

function escapeOne(character: string): string {
  switch (character) {
    case '&':
      return '&amp;';
    case '<':
      return '&lt;';
    case '>':
      return '&gt;';
    case "'":
      return '&apos;';
    case '"':
      return '&quot;';
    default:
      return `&#${character.charCodeAt(0)};`;
  }
}

const PREDEFINED: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['apos', "'"],
  ['quot', '"'],
]);

/** Resolves the references in well-formed text or an attribute value (XML 1.0 §4.1); an unknown one stays as it is. */
export function unescapeXml(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(\w+));/g, (whole, hex, decimal, name) => {
    if (name !== undefined) return PREDEFINED.get(name) ?? whole;
    const code = hex === undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** The meaning of well-formed text between two tags: line ends by XML 1.0 §2.11, CDATA sections and references resolved. */
export function characterData(raw: string): string {
  const text = raw.includes('\r') ? raw.replace(/\r\n?/g, '\n') : raw;
  if (!text.includes('<')) return unescapeXml(text);
  return text.replace(/<!\[CDATA\[([\s\S]*?)\]\]>|[^<]+/g, (part, section: string | undefined) => section ?? unescapeXml(part));
}

/** One attribute of a start tag as written: `start` and `end` enclose it without the white space before it. */
export interface RawAttribute {
  readonly name: string;
  /** References unresolved, without the quotes. */
  readonly rawValue: string;
  readonly start: number;
  readonly end: number;
}

/**
 * The attributes in the text of a well-formed start tag, from `offset` (after the element's name).
 * Walks from one attribute to the next, so it never mistakes text in a value for an attribute.
 */
export function rawAttributes(tag: string, offset: number): RawAttribute[] {
  // Not \s: it includes U+1680 and U+FEFF, which are valid in names (XML 1.0 §2.3).
  const attribute = /[ \t\r\n]+([^ \t\r\n=]+)[ \t\r\n]*=[ \t\r\n]*(?:"([^"]*)"|'([^']*)')/y;
  attribute.lastIndex = offset;
  const found: RawAttribute[] = [];
  for (let match = attribute.exec(tag); match !== null; match = attribute.exec(tag)) {
    const name = match[1] as string;
    const start = match.index + match[0].indexOf(name);
    found.push({ name, rawValue: match[2] ?? match[3] ?? '', start, end: attribute.lastIndex });
  }
  return found;
}
