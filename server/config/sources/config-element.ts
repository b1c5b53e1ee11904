import { readXml } from '../../xml/read-xml.ts';
import { XmlError } from '../../xml/xml-error.ts';
import type { XmlNode } from '../../xml/xml-node.ts';
import { ConfigError, inFile } from '../problem.ts';

/** An element of opensrf_core.xml or srfsh.xml. */
export interface ConfigElement {
  readonly name: string;
  /** The line of its start tag, from 1. */
  readonly line: number;
  readonly attributes: readonly Pick<XmlNode, 'name' | 'value'>[];
  readonly children: readonly ConfigElement[];
  /** Its character data, with CDATA and without comments, trimmed. */
  readonly text: string;
  /** The part of its text that OpenSRF's own programs read differently: `a comment`, `CDATA` or `white space`; `''`: none. */
  readonly oddity: string;
}

/** Reads a file. @throws ConfigError with file and line if it cannot be read or is not well-formed. */
export function readConfigFile(file: string): ConfigElement {
  try {
    return configElement(readXml(file, 'internal'));
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    const { line, problem, fault } = error;
    throw new ConfigError([{ place: inFile(error.file, line), text: problem, fault }]);
  }
}

/** Turns an element of XML into one of these files. */
export function configElement({ name, line, attributes, children }: XmlNode): ConfigElement {
  const text = children.map(({ kind, value }) => (kind === 'text' || kind === 'cdata' ? value : '')).join('');
  const oddity = children.map(({ kind }) => ODDITIES[kind]).find((one) => one !== undefined) ?? (text.trim() === text ? '' : 'white space');
  const elements = children.filter(({ kind }) => kind === 'element').map(configElement);
  return { name, line, attributes, children: elements, text: text.trim(), oddity };
}

const ODDITIES: Readonly<Partial<Record<XmlNode['kind'], string>>> = { comment: 'a comment', cdata: 'CDATA' };
