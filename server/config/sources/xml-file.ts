import { readFileSync } from 'node:fs';
import { SaxesParser } from 'saxes';
import { ConfigError, inFile } from '../problem.ts';

/** An element of a configuration file. */
export interface ConfigElement {
  readonly name: string;
  /** Where its start tag ends, counted from 1. */
  readonly line: number;
  readonly children: readonly ConfigElement[];
  /** Its character data, CDATA included and comments left out, without white space at the ends. */
  readonly text: string;
  /** What of its text OpenSRF's own programs would read differently: `a comment`, `CDATA` or `white space`; `''` for nothing. */
  readonly oddity: string;
}

interface OpenElement {
  name: string;
  line: number;
  children: OpenElement[];
  text: string;
  oddity: string;
}

/** Reads a file. @throws ConfigError if it cannot be read or is not well-formed; says file and line. */
export function readXmlFile(file: string): ConfigElement {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError([{ place: inFile(file, 0), text: `cannot be read: ${(error as Error).message}`, fault: 'file' }]);
  }
  return parseXmlFile(text, file);
}

/** Parses the text of a file. @throws ConfigError */
export function parseXmlFile(text: string, file: string): ConfigElement {
  const parser = new SaxesParser({ position: true });
  const root: OpenElement = { name: '', line: 0, children: [], text: '', oddity: '' };
  const open = [root];
  const top = () => open[open.length - 1] as OpenElement;
  const addText = (characters: string) => {
    top().text += characters;
  };
  parser.on('opentag', ({ name }) => {
    const element = { name, line: parser.line, children: [], text: '', oddity: '' };
    top().children.push(element);
    open.push(element);
  });
  parser.on('text', addText);
  parser.on('cdata', (characters) => {
    addText(characters);
    top().oddity ||= 'CDATA';
  });
  parser.on('comment', () => {
    top().oddity ||= 'a comment';
  });
  parser.on('closetag', () => {
    const element = open.pop() as OpenElement;
    const text = element.text.trim();
    if (text !== element.text) element.oddity ||= 'white space';
    element.text = text;
  });
  // Left to itself saxes puts the position first, in a form of its own.
  parser.on('error', (error) => {
    throw new ConfigError([{ place: inFile(file, parser.line), text: error.message.replace(/^\d+:\d+: /, ''), fault: 'content' }]);
  });
  parser.write(text).close();
  return root.children[0] as ConfigElement;
}
