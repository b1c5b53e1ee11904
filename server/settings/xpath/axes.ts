import type { XmlNode } from '../../xml/xml-node.ts';

/** The nodes of an axis, nearest first (XPath 1.0 §2.2). */
export type Axis = (node: XmlNode) => XmlNode[];

/** In document order. */
function descendants(node: XmlNode): XmlNode[] {
  const found: XmlNode[] = [];
  addDescendants(node, found);
  return found;
}

function descendantsAndSelf(node: XmlNode): XmlNode[] {
  const found = [node];
  addDescendants(node, found);
  return found;
}

function addDescendants({ children }: XmlNode, found: XmlNode[]): void {
  for (const child of children) {
    found.push(child);
    addDescendants(child, found);
  }
}

function ancestors({ parent }: XmlNode): XmlNode[] {
  const found: XmlNode[] = [];
  for (let node = parent; node !== null; node = node.parent) found.push(node);
  return found;
}

function siblings(node: XmlNode, direction: -1 | 1): XmlNode[] {
  const all = node.kind === 'attribute' ? [] : (node.parent?.children ?? []);
  const place = all.indexOf(node);
  if (place === -1) return [];
  return direction === 1 ? all.slice(place + 1) : all.slice(0, place).reverse();
}

/** The nodes after a node, without its descendants, in document order. */
function following(node: XmlNode): XmlNode[] {
  const found: XmlNode[] = [];
  for (const one of [node, ...ancestors(node)]) {
    for (const sibling of siblings(one, 1)) {
      found.push(sibling);
      addDescendants(sibling, found);
    }
  }
  return found;
}

/** The nodes before a node, without its ancestors, nearest first. */
function preceding(node: XmlNode): XmlNode[] {
  const found: XmlNode[] = [];
  for (const one of [node, ...ancestors(node)]) {
    for (const sibling of siblings(one, -1)) {
      const start = found.push(sibling) - 1;
      addDescendants(sibling, found);
      reverseFrom(found, start);
    }
  }
  return found;
}

function reverseFrom(nodes: XmlNode[], start: number): void {
  for (let left = start, right = nodes.length - 1; left < right; left++, right--) {
    const node = nodes[left] as XmlNode;
    nodes[left] = nodes[right] as XmlNode;
    nodes[right] = node;
  }
}

export const AXES: ReadonlyMap<string, Axis> = new Map<string, Axis>([
  ['child', (node) => node.children],
  ['parent', ({ parent }) => (parent === null ? [] : [parent])],
  ['self', (node) => [node]],
  // §5.4: namespace declarations are not attributes in XPath.
  ['attribute', (node) => node.attributes.filter(({ name }) => name !== 'xmlns' && !name.startsWith('xmlns:'))],
  ['descendant', descendants],
  ['descendant-or-self', descendantsAndSelf],
  ['ancestor', ancestors],
  ['ancestor-or-self', (node) => [node, ...ancestors(node)]],
  ['following-sibling', (node) => siblings(node, 1)],
  ['preceding-sibling', (node) => siblings(node, -1)],
  ['following', following],
  ['preceding', preceding],
]);
