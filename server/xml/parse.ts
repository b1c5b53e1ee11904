import { dirname, resolve } from 'node:path';
import { type SaxesAttributeNS, SaxesParser } from 'saxes';
import { type EntityDeclaration, readEntities } from './entities.ts';
import { SettingsError } from './settings-error.ts';
import { XmlBuilder } from './xml-builder.ts';
import type { XmlNode } from './xml-node.ts';

/** Reads a file that the document refers to. @throws SettingsError */
export type ReadText = (path: string) => string;

/** As deep as libxml2 goes; deeper nesting is a mistake. */
const MAX_DEPTH = 256;
const MAX_EXPANDED_CHARACTERS = 10_000_000;

// Stands in text for a reference to an entity that the document declares; no document can hold it.
const MARK = '\u0000';

/**
 * Reads an XML document into a tree, with all entities expanded.
 * @param file Its name, for messages and for what it refers to.
 * @throws SettingsError with the line of what is wrong.
 */
export function parseXml(text: string, file: string, readText: ReadText): XmlNode {
  return new Parsing(file, readText).document(text);
}

class Parsing {
  private readonly file: string;
  private readonly readText: ReadText;
  private readonly builder = new XmlBuilder();
  private entities: ReadonlyMap<string, EntityDeclaration> = new Map();
  private line = 1;
  private expandedCharacters = 0;

  constructor(file: string, readText: ReadText) {
    this.file = file;
    this.readText = readText;
  }

  document(text: string): XmlNode {
    const parser = new SaxesParser({ xmlns: true });
    parser.on('doctype', (doctype) => {
      this.line = parser.line;
      this.entities = this.declared(doctype);
      this.mark(parser);
    });
    parser.on('error', ({ message }) => this.fail(message, parser.line));
    this.build(parser, [], () => {
      this.line = parser.line;
    });
    parser.write(text).close();
    return this.builder.document;
  }

  /** @param within The entities that are being expanded. */
  private build(parser: SaxesParser<{ xmlns: true }>, within: readonly string[], advance: () => void): void {
    const { builder } = this;
    parser.on('opentag', ({ name, local, uri, attributes }) => {
      advance();
      if (builder.depth >= MAX_DEPTH) this.fail(`more than ${MAX_DEPTH} elements inside one another`);
      builder.open(
        name,
        local,
        uri,
        Object.values(attributes as Record<string, SaxesAttributeNS>).map((one) => this.attribute(one, within)),
      );
    });
    parser.on('closetag', () => builder.close());
    parser.on('text', (text) => {
      advance();
      this.text(text, within);
    });
    parser.on('cdata', (text) => builder.cdata(text));
    parser.on('comment', (text) => builder.comment(text));
    parser.on('processinginstruction', ({ target, body }) => builder.instruction(target, body));
  }

  private attribute({ name, local, uri, value }: SaxesAttributeNS, within: readonly string[]) {
    return { name, local, uri, value: this.attributeText(value, within) };
  }

  private attributeText(text: string, within: readonly string[]): string {
    const parts = text.split(MARK);
    return parts.map((part, index) => (index % 2 === 0 ? part : this.entityText(part, within))).join('');
  }

  private text(text: string, within: readonly string[]): void {
    const parts = text.split(MARK);
    for (const [index, part] of parts.entries()) {
      if (index % 2 === 0) this.builder.text(part, index === parts.length - 1);
      else this.expand(part, within);
    }
  }

  /** Puts what an entity stands for where the reference is. */
  private expand(name: string, within: readonly string[]): void {
    const content = this.replacement(name, within);
    const parser = this.fragmentParser(name);
    this.build(parser, [...within, name], () => {});
    parser.write(content).close();
  }

  /** The text of an entity in an attribute (XML 1.0 §3.3.3), with the entities in it expanded. */
  private entityText(name: string, within: readonly string[]): string {
    const text = this.replacement(name, within);
    if (text.includes('<')) this.fail(`the entity &${name}; holds markup, so it cannot stand in an attribute`);
    let expanded = '';
    const parser = this.fragmentParser(name);
    parser.on('text', (part) => {
      expanded += part;
    });
    parser.write(text).close();
    return this.attributeText(expanded, [...within, name]);
  }

  /** Reads what an entity stands for. */
  private fragmentParser(name: string): SaxesParser<{ xmlns: true }> {
    const parser = new SaxesParser({ xmlns: true, fragment: true, position: false, additionalNamespaces: this.builder.namespaces });
    this.mark(parser);
    parser.on('error', ({ message }) => this.fail(`in the entity &${name};: ${message}`));
    return parser;
  }

  /** Has references to the document's entities come out as marks. */
  private mark(parser: SaxesParser<{ xmlns: true }>): void {
    for (const name of this.entities.keys()) parser.ENTITIES[name] = `${MARK}${name}${MARK}`;
  }

  private replacement(name: string, within: readonly string[]): string {
    if (within.includes(name)) this.fail(`the entity &${name}; holds itself`);
    const declaration = this.entities.get(name) as EntityDeclaration;
    const text = 'text' in declaration ? declaration.text : this.external(name, declaration.file);
    this.expandedCharacters += text.length;
    if (this.expandedCharacters > MAX_EXPANDED_CHARACTERS) this.fail(`the entities expand to more than ${MAX_EXPANDED_CHARACTERS} characters`);
    return text;
  }

  private external(name: string, file: string): string {
    if (/^[a-z][a-z0-9+.-]+:/i.test(file) && !file.startsWith('file:')) this.fail(`the entity &${name}; is at ${file}; only files are read`);
    const path = resolve(dirname(this.file), file.replace(/^file:(?:\/\/)?/, ''));
    // XML 1.0 §4.3.1: an external entity may begin with a text declaration.
    return this.readText(path).replace(/^<\?xml[ \t\r\n][^>]*\?>/, '');
  }

  private declared(doctype: string): ReadonlyMap<string, EntityDeclaration> {
    try {
      return readEntities(doctype);
    } catch (error) {
      return this.fail((error as Error).message);
    }
  }

  private fail(problem: string, line = this.line): never {
    // saxes puts its own LINE:COLUMN before what it found, and a full stop behind.
    const plain = problem.replace(/(^|: )\d*:?\d+: /, '$1').replace(/\.$/, '');
    // It reports the element that is open as closed before it complains.
    const open = plain.endsWith('unexpected close tag') ? `: <${this.builder.closed}> is open` : '';
    throw SettingsError.at(this.file, line, plain + open);
  }
}
