// A diagram as a file of its own.

import { svg } from '../base/dom.js';

/** @returns SVG text with the styles that the page has for it, in the colours of the page. */
export function standalone(diagram) {
  const colors = getComputedStyle(document.documentElement);
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules].map(({ cssText }) => cssText)).filter((text) => text.startsWith('.sequence'));
  const colorOf = (_, name) => colors.getPropertyValue(name).trim();
  const style = rules.join('\n').replace(/var\((--[\w-]+)\)/g, colorOf);
  const copy = diagram.cloneNode(true);
  copy.prepend(svg('style', {}, style), svg('rect', { width: '100%', height: '100%', fill: colorOf('', '--surface') }));
  return new XMLSerializer().serializeToString(copy);
}
