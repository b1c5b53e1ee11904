import { escapeAttribute, escapeText } from '../../shared/xml.ts';

/** Elements without content or end tag (HTML Living Standard §13.1.2). */
const VOID = new Set(['br', 'link', 'meta', 'wbr']);

/** Characters that no HTML may have (§13.1.4), and halves of surrogate pairs. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are meant
const UNWRITABLE = /[\0-\x08\x0b\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\uffff]|\p{Surrogate}/gu;

/** An element that becomes text. It has the methods by which the console's page makes elements. */
export class Markup {
  private readonly name: string;
  private readonly attributes = new Map<string, string>();
  private readonly children: (Markup | string)[] = [];

  constructor(name: string) {
    this.name = name;
  }

  getAttribute(name: string): string | null {
    return this.attributes.get(name) ?? null;
  }

  setAttribute(name: string, value: string): void {
    this.attributes.set(name, String(value));
  }

  removeAttribute(name: string): void {
    this.attributes.delete(name);
  }

  append(...children: unknown[]): void {
    this.children.push(...children.map((child) => (child instanceof Markup ? child : String(child))));
  }

  /** Its HTML, every text escaped. */
  toString(): string {
    const attributes = Array.from(this.attributes, ([name, value]) => ` ${name}="${escapeAttribute(writable(value))}"`).join('');
    const tag = `<${this.name}${attributes}>`;
    if (VOID.has(this.name)) return tag;
    return `${tag}${this.children.map((child) => (typeof child === 'string' ? escapeText(writable(child)) : child.toString())).join('')}</${this.name}>`;
  }
}

function writable(text: string): string {
  return text.replace(UNWRITABLE, '\ufffd');
}

/** Makes elements in place of a browser's document. */
export interface Paper {
  createElement(name: string): Markup;
  createElementNS(namespace: string, name: string): Markup;
}

/** Makes elements that become text. */
export const PAPER: Paper = {
  createElement: (name) => new Markup(name),
  createElementNS: (_namespace, name) => new Markup(name),
};
