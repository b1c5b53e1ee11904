import { createHash } from 'node:crypto';
import { toJson } from '../../shared/osrf/json.ts';
import { LIMITS } from '../config/limits.ts';
import type { XmlNode } from '../xml/xml-node.ts';
import { convert, type Setting } from './convert.ts';
import { merge } from './merge.ts';
import { select } from './xpath/select.ts';
import { type Spend, workOf } from './xpath/work.ts';

const DEFAULT_SECTION = '/opensrf/default';
const HOST_SECTION = '/opensrf/hosts/';
/** An allowance in addition to the limit of steps, as a multiple of the steps for an answer with the whole file, so that such an answer is possible. */
const WHOLE_FILES = 1.5;

/** The content of an opensrf.xml, in the shape of OpenSRF's settings service. */
export class Settings {
  private readonly root: XmlNode;
  private readonly maxSteps: number;

  /** @param root The element `<opensrf>`. @param steps See the limit `xpathSteps`. */
  constructor(root: XmlNode, steps: number = LIMITS.xpathSteps.value) {
    this.root = root;
    this.maxSteps = Math.ceil(steps + WHOLE_FILES * sizeOf(root));
  }

  /**
   * The default section with the hosts' sections merged over it, in the order of the file; undefined if there are none.
   * @param hosts Names separated by commas; `''` for the default section only. A host need not have a section.
   * @throws XPathError for an invalid element name.
   */
  hostConfig(hosts: string): Setting | undefined {
    const names = hosts.replace(/,+$/, '').split(',');
    if (hosts === '') return this.defaultConfig();
    // One expression, so that sections are in the order of the file and names are checked as in the Perl service.
    return this.merged([DEFAULT_SECTION, ...names.map((name) => HOST_SECTION + name)].join('|'));
  }

  /** The default section, or undefined. */
  defaultConfig(): Setting | undefined {
    return this.merged(DEFAULT_SECTION);
  }

  /** Equal for files with equal content, whatever their comments and white space are. */
  get digest(): string {
    return createHash('sha256')
      .update(toJson(convert(this.root)))
      .digest('base64url');
  }

  /** Evaluates an expression and converts each selected node. @throws XPathError */
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

/** The steps for an answer with a whole subtree. */
function sizeOf(node: XmlNode): number {
  let steps = 0;
  convert(node, (more) => {
    steps += more;
  });
  return steps;
}
