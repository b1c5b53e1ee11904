import { existsSync } from 'node:fs';
import type { ChopChop } from '../compose/chopchop.ts';
import { readXml } from '../xml/read-xml.ts';
import { XmlError } from '../xml/xml-error.ts';
import type { XmlNode } from '../xml/xml-node.ts';
import { json, problem, type Reply, type Route } from './http.ts';

/** Fieldmapper puts these behind the fields of every class. */
const STANDARD_FIELDS = ['isnew', 'ischanged', 'isdeleted'];

/** Evergreen's IDL: the names of the values in `{"__c": "au", "__p": [null, 194, …]}`. */
export class Idl {
  /** The path of fm_IDL.xml; null: none. */
  readonly file: string | null;
  private reply: Reply | null = null;

  /** @param given The file of `--idl`; null: the one that the site's settings name, if it is here. */
  constructor(given: string | null, { config }: ChopChop) {
    this.file = given ?? (config.settings === null ? null : namedIn(config.settings.file));
  }

  /** The file is read at the first call. */
  routes(): Route[] {
    return [{ method: 'GET', path: '/api/v1/idl', handle: () => (this.reply ??= replyFrom(this.file)) }];
  }
}

/** The value at `/opensrf/default/IDL`, as OpenSRF's settings have it. */
function namedIn(settings: string): string | null {
  try {
    const file = textOf(below(below([readXml(settings, 'files')], 'default'), 'IDL')[0]);
    return existsSync(file) ? file : null;
  } catch (error) {
    // The built-in settings have reported it.
    if (error instanceof XmlError) return null;
    throw error;
  }
}

function replyFrom(file: string | null): Reply {
  if (file === null) return problem(404, 'no IDL: start the server with --idl fm_IDL.xml');
  try {
    return json({ file, classes: classesOf(readXml(file, 'internal')) });
  } catch (error) {
    if (error instanceof XmlError) return problem(500, error.message);
    throw error;
  }
}

/** The names of the fields of each class, in the order of its values. */
function classesOf(root: XmlNode): Record<string, string[]> {
  const classes = below([root], 'class').map((one) => {
    const names = below(below([one], 'fields'), 'field').map((field) => attribute(field, 'name'));
    return [attribute(one, 'id'), [...names.filter((name) => !STANDARD_FIELDS.includes(name)), ...STANDARD_FIELDS]];
  });
  return Object.fromEntries(classes) as Record<string, string[]>;
}

function below(nodes: readonly XmlNode[], name: string): XmlNode[] {
  return nodes.flatMap(({ children }) => children.filter(({ kind, local }) => kind === 'element' && local === name));
}

function attribute({ attributes }: XmlNode, name: string): string {
  return attributes.find((one) => one.name === name)?.value ?? '';
}

function textOf(node: XmlNode | undefined): string {
  return (node?.children ?? [])
    .map(({ value }) => value)
    .join('')
    .trim();
}
