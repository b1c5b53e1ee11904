import { dirname, resolve } from 'node:path';
import { type SaxesAttributeNS, SaxesParser } from 'saxes';
import { type EntityDeclaration, readEntities } from './entities.ts';
import { firstMistake } from './mistakes.ts';
import { XmlBuilder } from './xml-builder.ts';
import { XmlError } from './xml-error.ts';
import type { XmlNode } from './xml-node.ts';

/** Reads a file referenced by the document. @throws XmlError */
export type ReadText = (path: string) => string;

/** libxml2's limit; deeper nesting is an error. */
const MAX_DEPTH = 256;
/** Each nested entity takes a separate parser; libxml2 allows 40 levels. */
const MAX_ENTITY_DEPTH = 40;
const MAX_EXPANSIONS = 10_000;
const MAX_EXPANDED_CHARACTERS = 10_000_000;

// Marks a reference to an entity that the document declares. No XML document can contain this character.
const MARK = '\u0000';

/**
 * Parses an XML document into a tree, with all entities expanded.
 * @param file Its name, for messages and for the files that it refers to.
 * @param readText Reads those; null: it may refer to none.
 * @throws XmlError with the line of the mistake.
 */
export function parseXml(text: string, file: string, readText: ReadText | null): XmlNode {
  return new Parsing(file, text, readText).document();
}

class Parsing {
  private readonly file: string;
  private readonly source: string;
  private readonly readText: ReadText | null;
  private readonly builder = new XmlBuilder();
  private entities: ReadonlyMap<string, EntityDeclaration> = new Map();
  private line = 1;
  private expansions = 0;
  private expandedCharacters = 0;

  constructor(file: string, source: string, readText: ReadText | null) {
    this.file = file;
    this.source = source;
    this.readText = readText;
  }

  document(): XmlNode {
    const parser = new SaxesParser({ xmlns: true });
    parser.on('doctype', (doctype) => {
      this.line = parser.line;
      this.entities = this.declared(doctype);
      this.mark(parser);
    });
    parser.on('error', ({ message }) => this.failAt(message, parser.line));
    // The line of an element is that of its start tag.
    parser.on('opentagstart', () => {
      // The parser has read the character after the name.
      this.line = parser.line - (this.source[parser.position - 1] === '\n' ? 1 : 0);
    });
    this.build(parser, [], () => {
      this.line = parser.line;
    });
    parser.write(this.source).close();
    return this.builder.document;
  }

  /** @param within The entities that are being expanded. */
  private build(parser: SaxesParser<{ xmlns: true }>, within: readonly string[], advance: () => void): void {
    const { builder } = this;
    parser.on('opentag', ({ name, local, uri, attributes }) => {
      if (builder.depth >= MAX_DEPTH) this.fail(`more than ${MAX_DEPTH} nested elements`);
      builder.open(
        { name, local, uri, line: this.line },
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
    const end = this.line;
    for (const [index, part] of parts.entries()) {
      // The parser has read the whole text already.
      if (within.length === 0) this.line = end - linesIn(parts.slice(index + 1));
      if (index % 2 === 0) this.builder.text(part, index === parts.length - 1);
      else this.expand(part, within);
    }
  }

  /** Replaces a reference to an entity by its content. */
  private expand(name: string, within: readonly string[]): void {
    const content = this.replacement(name, within);
    const parser = this.fragmentParser(name);
    this.build(parser, [...within, name], () => {});
    parser.write(content).close();
  }

  /** The text of an entity in an attribute (XML 1.0 §3.3.3), with the entities in it expanded. */
  private entityText(name: string, within: readonly string[]): string {
    const text = this.replacement(name, within);
    if (text.includes('<')) this.fail(`the entity &${name}; contains markup, so it cannot be used in an attribute`);
    let expanded = '';
    const parser = this.fragmentParser(name);
    parser.on('text', (part) => {
      expanded += part;
    });
    parser.write(text).close();
    return this.attributeText(expanded, [...within, name]);
  }

  /** Parses the content of an entity. */
  private fragmentParser(name: string): SaxesParser<{ xmlns: true }> {
    const parser = new SaxesParser({ xmlns: true, fragment: true, position: false, additionalNamespaces: this.builder.namespaces });
    this.mark(parser);
    parser.on('error', ({ message }) => this.fail(`in the entity &${name};: ${message}`));
    return parser;
  }

  /** Makes the parser replace references to the document's entities by marks. */
  private mark(parser: SaxesParser<{ xmlns: true }>): void {
    for (const name of this.entities.keys()) parser.ENTITIES[name] = `${MARK}${name}${MARK}`;
  }

  private replacement(name: string, within: readonly string[]): string {
    if (within.includes(name)) this.fail(`the entity &${name}; contains itself`);
    if (within.length >= MAX_ENTITY_DEPTH) this.fail(`more than ${MAX_ENTITY_DEPTH} nested entities`);
    const declaration = this.entities.get(name) as EntityDeclaration;
    const text = 'text' in declaration ? declaration.text : this.external(name, declaration.file, this.readText);
    this.expandedCharacters += text.length;
    if (++this.expansions > MAX_EXPANSIONS) this.fail(`more than ${MAX_EXPANSIONS} entities to expand`);
    if (this.expandedCharacters > MAX_EXPANDED_CHARACTERS) this.fail(`the entities expand to more than ${MAX_EXPANDED_CHARACTERS} characters`);
    return text;
  }

  private external(name: string, file: string, readText: ReadText | null): string {
    if (readText === null) this.fail(`the entity &${name}; is in another file, ${file}, which is not read`);
    if (/^[a-z][a-z0-9+.-]+:/i.test(file) && !file.startsWith('file:')) this.fail(`the entity &${name}; is at ${file}; only files are read`);
    const path = resolve(dirname(this.file), file.replace(/^file:(?:\/\/)?/, ''));
    // XML 1.0 §4.3.1: an external entity may begin with a text declaration.
    return readText(path).replace(/^<\?xml[ \t\r\n][^>]*\?>/, '');
  }

  private declared(doctype: string): ReadonlyMap<string, EntityDeclaration> {
    try {
      return readEntities(doctype);
    } catch (error) {
      return this.fail((error as Error).message);
    }
  }

  private fail(problem: string): never {
    throw XmlError.at(this.file, this.line, plain(problem));
  }

  /** Fails with the parser's complaint, or with an earlier mistake that the parser has not noticed. */
  private failAt(problem: string, line: number): never {
    const found = plain(problem);
    const mistake = firstMistake(this.source);
    const isUnclosed = found.startsWith('unclosed tag');
    if (mistake !== null && mistake.line <= line && (isUnclosed || !mistake.toTheEnd)) throw XmlError.at(this.file, mistake.line, mistake.problem);
    // The parser reports the open element as closed before it complains.
    const { name, line: opened } = this.builder.closed;
    throw XmlError.at(this.file, line, found.endsWith('unexpected close tag') ? `${found}: <${name}> of line ${opened} is open` : found);
  }
}

/** Strips LINE:COLUMN and the full stop from the parser's messages. */
function plain(problem: string): string {
  return problem.replace(/(^|: )\d*:?\d+: /, '$1').replace(/\.$/, '');
}

function linesIn(parts: readonly string[]): number {
  return parts.reduce((lines, part) => lines + part.split('\n').length - 1, 0);
}
