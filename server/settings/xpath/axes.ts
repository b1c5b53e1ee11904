import type { XmlNode } from '../../xml/xml-node.ts';

/** The nodes of an axis, the nearest first (XPath 1.0 §2.2). */
export type Axis = (node: XmlNode) => XmlNode[];

function descendants(node: XmlNode): XmlNode[] {
  return node.children.flatMap((child) => [child, ...descendants(child)]);
}

function ancestors({ parent }: XmlNode): XmlNode[] {
  return parent === null ? [] : [parent, ...ancestors(parent)];
}

function siblings(node: XmlNode, direction: -1 | 1): XmlNode[] {
  const all = node.kind === 'attribute' ? [] : (node.parent?.children ?? []);
  const place = all.indexOf(node);
  if (place === -1) return [];
  return direction === 1 ? all.slice(place + 1) : all.slice(0, place).reverse();
}

function around(node: XmlNode, direction: -1 | 1): XmlNode[] {
  const whole = (root: XmlNode) => (direction === 1 ? [root, ...descendants(root)] : [...descendants(root).reverse(), root]);
  return [node, ...ancestors(node)].flatMap((one) => siblings(one, direction).flatMap(whole));
}

export const AXES: ReadonlyMap<string, Axis> = new Map<string, Axis>([
  ['child', (node) => node.children],
  ['parent', ({ parent }) => (parent === null ? [] : [parent])],
  ['self', (node) => [node]],
  // §5.4: what declares a namespace is no attribute to XPath.
  ['attribute', (node) => node.attributes.filter(({ name }) => name !== 'xmlns' && !name.startsWith('xmlns:'))],
  ['descendant', descendants],
  ['descendant-or-self', (node) => [node, ...descendants(node)]],
  ['ancestor', ancestors],
  ['ancestor-or-self', (node) => [node, ...ancestors(node)]],
  ['following-sibling', (node) => siblings(node, 1)],
  ['preceding-sibling', (node) => siblings(node, -1)],
  ['following', (node) => around(node, 1)],
  ['preceding', (node) => around(node, -1)],
]);
