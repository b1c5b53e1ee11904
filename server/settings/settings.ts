import type { XmlNode } from '../xml/xml-node.ts';
import { convert, type Setting } from './convert.ts';
import { merge } from './merge.ts';
import { select } from './xpath/select.ts';

const DEFAULT_SECTION = '/opensrf/default';
const HOST_SECTION = '/opensrf/hosts/';

/** What stands in one opensrf.xml, as OpenSRF's settings service tells it. */
export class Settings {
  private readonly root: XmlNode;

  /** @param root The element `<opensrf>`. */
  constructor(root: XmlNode) {
    this.root = root;
  }

  /**
   * The default section with the sections of the hosts laid over it, in the order of the file; undefined where it has none of them.
   * @param hosts Names with commas between them; `''` for the default section alone. A host that has no section is no mistake.
   * @throws XPathError for what cannot be the name of an element.
   */
  hostConfig(hosts: string): Setting | undefined {
    const names = hosts.replace(/,+$/, '').split(',');
    if (hosts === '') return this.defaultConfig();
    // One expression, so that sections come in the order of the file and names are checked as the Perl service checks them.
    return this.merged([DEFAULT_SECTION, ...names.map((name) => HOST_SECTION + name)].join('|'));
  }

  /** The default section; undefined where there is none. */
  defaultConfig(): Setting | undefined {
    return this.merged(DEFAULT_SECTION);
  }

  /** What an expression selects, each node converted for itself. @throws XPathError */
  select(xpath: string): Setting[] {
    return select(this.root, xpath).map(convert);
  }

  private merged(xpath: string): Setting | undefined {
    const [first, ...others] = this.select(xpath);
    return first === undefined ? undefined : others.reduce(merge, first);
  }
}
