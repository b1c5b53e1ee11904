import { readFileSync } from 'node:fs';
import { checkNotSpecial } from '../kernel/regular-file.ts';
import { decodeXml } from './decode-text.ts';
import { parseXml } from './parse.ts';
import { XmlError } from './xml-error.ts';
import type { XmlNode } from './xml-node.ts';

/**
 * Reads an XML file from disk; all XML files are read here.
 * @param entities `files`: entities may include other files, as in OpenSRF's opensrf.xml; `internal`: they may not.
 * @returns its root element.
 * @throws XmlError with the line of the mistake.
 */
export function readXml(path: string, entities: 'files' | 'internal'): XmlNode {
  return rootOf(parseXml(readText(path), path, entities === 'files' ? readText : null));
}

/** The root element of a document. */
export function rootOf({ children }: XmlNode): XmlNode {
  return children.find(({ kind }) => kind === 'element') as XmlNode;
}

function readText(path: string): string {
  return decodeXml(readBytes(path), path);
}

function readBytes(path: string): Uint8Array {
  try {
    // A shell may pass a pipe, for `--config <(…)`.
    checkNotSpecial(path, 'FIFO');
    return readFileSync(path);
  } catch (error) {
    throw XmlError.unreadable(path, error as Error);
  }
}
