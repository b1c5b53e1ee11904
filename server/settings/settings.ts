import { LIMITS } from '../config/limits.ts';
import type { XmlNode } from '../xml/xml-node.ts';
import { convert, type Setting } from './convert.ts';
import { merge } from './merge.ts';
import { select } from './xpath/select.ts';
import { type Spend, workOf } from './xpath/work.ts';

const DEFAULT_SECTION = '/opensrf/default';
const HOST_SECTION = '/opensrf/hosts/';
/** What one evaluation may take besides the steps that the limit allows, so that there is an answer that holds the whole file: measured by that answer. */
const WHOLE_FILES = 1.5;

/** What stands in one opensrf.xml, as OpenSRF's settings service tells it. */
export class Settings {
  private readonly root: XmlNode;
  private readonly maxSteps: number;

  /** @param root The element `<opensrf>`. @param steps See the limit `xpathSteps`. */
  constructor(root: XmlNode, steps: number = LIMITS.xpathSteps.value) {
    this.root = root;
    this.maxSteps = Math.ceil(steps + WHOLE_FILES * sizeOf(root));
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
    return this.selectWithin(xpath, workOf(xpath, this.maxSteps));
  }

  private selectWithin(xpath: string, spend: Spend): Setting[] {
    return select(this.root, xpath, spend).map((node) => convert(node, spend));
  }

  private merged(xpath: string): Setting | undefined {
    const spend = workOf(xpath, this.maxSteps);
    const [first, ...others] = this.selectWithin(xpath, spend);
    return first === undefined ? undefined : others.reduce((base, overlay) => merge(base, overlay, spend), first);
  }
}

/** The steps it takes to answer with all that is below a node. */
function sizeOf(node: XmlNode): number {
  let steps = 0;
  convert(node, (more) => {
    steps += more;
  });
  return steps;
}
