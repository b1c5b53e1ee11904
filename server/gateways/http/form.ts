/** About the limit of OpenSRF's gateways. */
const MAX_PAIRS = 1_000;

/**
 * The parameters of a query string or form as OpenSRF's HTTP gateways parse them, unlike the WHATWG's rules: `+` stays `+`, runs of `&` or `=` count as one,
 * an empty name ends parsing, and the first of several values of a name counts.
 */
export class Form {
  private readonly values = new Map<string, string[]>();

  /** @param texts The query, and the body of a POST. Too many pairs: no parameters at all. */
  constructor(...texts: readonly string[]) {
    let left = MAX_PAIRS;
    for (const text of texts) {
      const pairs = text.split('&', left + 1);
      left -= pairs.length;
      if (left < 0) {
        this.values.clear();
        return;
      }
      this.read(pairs);
    }
  }

  /** The first value of a name; `''` if there is none. */
  first(name: string): string {
    return this.values.get(name)?.[0] ?? '';
  }

  all(name: string): readonly string[] {
    return this.values.get(name) ?? [];
  }

  has(name: string): boolean {
    return this.values.has(name);
  }

  private read(pairs: readonly string[]): void {
    for (const pair of pairs) {
      if (pair === '') continue;
      const sign = pair.indexOf('=');
      const name = percentDecoded(sign === -1 ? pair : pair.slice(0, sign));
      if (name === '') return;
      const value = sign === -1 ? '' : percentDecoded(pair.slice(sign).replace(/^=+/, ''));
      const values = this.values.get(name);
      if (values === undefined) this.values.set(name, [value]);
      else values.push(value);
    }
  }
}

/** Decodes `%XX`; keeps malformed codes, and replaces invalid UTF-8 with U+FFFD. */
function percentDecoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/(?:%[0-9a-f]{2})+/gi, (codes) => Buffer.from(codes.replaceAll('%', ''), 'hex').toString());
  }
}
