// A sequence diagram with its legend and its exports.

import { button, download, h } from '../base/dom.js';
import { asMermaid } from '../base/export.js';
import { sequenceOf } from './sequence.js';
import { standalone } from './standalone.js';

const ROLES = ['client', 'router', 'listener', 'worker'];

/** With the parameters of sequenceOf(). */
export function sequencePanel(...of) {
  const { element, diagram, participants, steps } = sequenceOf(...of);
  const legend = ROLES.map((role) => h('span', { class: `badge ${role}` }, role));
  const asSvg = () => download('sequence.svg', 'image/svg+xml', standalone(diagram));
  const asText = () => download('sequence.mmd', 'text/plain', asMermaid(participants, steps));
  const exports = [button('SVG', asSvg, { 'aria-label': 'Export as SVG' }), button('Mermaid', asText, { 'aria-label': 'Export as Mermaid text' })];
  return h(
    'section',
    { class: 'card block', 'aria-label': 'Sequence' },
    h('div', { class: 'row wrap' }, h('h3', {}, 'Sequence'), legend, h('span', { class: 'spring' }), exports),
    element,
  );
}
