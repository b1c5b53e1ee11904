/** A mistake in the text of an XML file. */
export interface Mistake {
  readonly line: number;
  readonly problem: string;
  /** Whether only the end of the file reveals it: an element that is not closed. */
  readonly toTheEnd: boolean;
}

/** An `&` that begins no reference (XML 1.0 §4.1). */
const BARE_AMPERSAND = /&(?!(?:#\d+|#x[\da-fA-F]+|[\p{L}_:][\p{L}\p{N}_:.\-\u00b7]*);)/u;

/** Markup with a fixed beginning and end, whose content the scan skips. */
const ENCLOSED: readonly (readonly [begin: string, end: string, name: string])[] = [
  ['<!--', '-->', 'comment'],
  ['<![CDATA[', ']]>', 'CDATA section'],
  ['<?', '?>', 'processing instruction'],
];

/**
 * Finds the first of the mistakes that the parser reports too late: a bare `&`, text outside the root element, markup that is not closed before the end of
 * the file. The parser reports all others in their own line.
 * @returns null if there is none.
 */
export function firstMistake(text: string): Mistake | null {
  return new Scan(text).run();
}

class Scan {
  private readonly text: string;
  private at = 0;
  private roots = 0;
  /** The open elements, with their positions. */
  private readonly open: { readonly name: string; readonly at: number }[] = [];

  constructor(text: string) {
    this.text = text.replace(/^\ufeff/, '');
  }

  run(): Mistake | null {
    const { text } = this;
    while (this.at < text.length) {
      const mistake = text[this.at] === '<' ? this.markup() : this.characters();
      if (mistake !== null) return mistake;
    }
    const unclosed = this.open.at(-1);
    return unclosed === undefined ? null : { ...this.mistake(unclosed.at, `<${unclosed.name}> is not closed`), toTheEnd: true };
  }

  /** Text up to the next markup. */
  private characters(): Mistake | null {
    const next = this.text.indexOf('<', this.at);
    const end = next === -1 ? this.text.length : next;
    const run = this.text.slice(this.at, end);
    const visible = run.search(/\S/);
    if (this.open.length === 0 && visible !== -1)
      return this.mistake(this.at + visible, `text ${this.roots === 0 ? 'before' : 'after'} the root element: ${quoted(run.trim())}`);
    const mistake = this.bareAmpersand(this.at, end);
    this.at = end;
    return mistake;
  }

  private markup(): Mistake | null {
    for (const [begin, end, name] of ENCLOSED) {
      if (this.text.startsWith(begin, this.at)) return this.skip(begin, end, name);
    }
    if (this.text.startsWith('<!DOCTYPE', this.at)) return this.doctype();
    return this.tag();
  }

  private skip(begin: string, end: string, name: string): Mistake | null {
    const found = this.text.indexOf(end, this.at + begin.length);
    if (found === -1) return this.mistake(this.at, `a ${name} is not closed by ${end}`);
    this.at = found + end.length;
    return null;
  }

  /** The internal subset may contain anything in quotes and comments. */
  private doctype(): Mistake | null {
    const found = /^<!DOCTYPE(?:[^[>"']|"[^"]*"|'[^']*')*(?:\[(?:<!--[\s\S]*?-->|<\?[\s\S]*?\?>|"[^"]*"|'[^']*'|[^\]"'])*\]\s*)?>/.exec(
      this.text.slice(this.at),
    );
    if (found === null) return this.mistake(this.at, 'the <!DOCTYPE is not closed');
    this.at += found[0].length;
    return null;
  }

  private tag(): Mistake | null {
    const begin = this.at;
    const [whole, slash = '', name = '', attributes = '', quote, closed] = /^<(\/?)([^\s/>"'<]*)((?:[^<>"']|"[^"<]*"|'[^'<]*')*)(["'])?(>)?/.exec(
      this.text.slice(begin),
    ) as RegExpExecArray;
    if (quote !== undefined) return this.mistake(begin + whole.lastIndexOf(quote), `a value in <${slash}${name}> is not closed by ${quote}`);
    if (closed === undefined) return this.mistake(begin, `<${slash}${name} is not closed by >`);
    this.at = begin + whole.length;
    const mistake = this.bareAmpersand(begin, this.at);
    if (mistake !== null) return mistake;
    if (slash !== '') this.open.pop();
    else if (!attributes.endsWith('/')) this.open.push({ name, at: begin });
    if (this.open.length === 0) this.roots++;
    return null;
  }

  private bareAmpersand(begin: number, end: number): Mistake | null {
    const bare = this.text.slice(begin, end).search(BARE_AMPERSAND);
    return bare === -1 ? null : this.mistake(begin + bare, 'a bare & is not allowed: write &amp;');
  }

  private mistake(at: number, problem: string): Mistake {
    return { line: this.text.slice(0, at).split('\n').length, problem, toTheEnd: false };
  }
}

function quoted(text: string): string {
  const start = text.split('\n')[0] as string;
  return start.length > 40 ? `"${start.slice(0, 40)}…"` : `"${start}"`;
}
