// The table of peer servers; hidden if there are none.

import { h } from '../base/dom.js';
import { bytes, number, since } from '../base/format.js';
import { sortable } from '../base/sortable.js';

const COLUMNS = [
  { title: 'Peer server', of: ({ domain }) => domain, kind: 'mono', isCut: true },
  { title: 'Address', of: ({ address }) => address, kind: 'mono' },
  { title: 'Takes stanzas of', of: ({ outgoing }) => outgoing.join(', '), isCut: true },
  { title: 'Sends to', of: ({ incoming }) => incoming.join(', '), isCut: true },
  { title: 'Connected for', of: ({ connectedAt }) => connectedAt ?? 0, text: (at) => (at === 0 ? '' : since(at)), kind: 'right' },
  { title: 'Wait', of: ({ queuedStanzas }) => queuedStanzas, text: (count) => (count === 0 ? '' : number(count)), kind: 'right' },
  { title: 'Bytes', of: ({ queuedBytes }) => queuedBytes, text: (count) => (count === 0 ? '' : bytes(count)), kind: 'right' },
  { title: 'Failures', of: ({ failures }) => failures, text: (count) => (count === 0 ? '' : number(count)), kind: 'right failed' },
  { title: 'Last problem', of: (peer) => problemOf(peer), isCut: true, kind: 'failed' },
];

export function peersTable(scrolled) {
  const rows = sortable(COLUMNS, ({ domain }) => domain);
  const element = h(
    'section',
    { class: 'card block', 'aria-label': 'Peer servers', hidden: true },
    h('h3', {}, 'Other Jabber servers, and the streams with them'),
    scrolled('Peer servers', rows.element),
  );
  return {
    element,
    update(peers) {
      element.hidden = peers.length === 0;
      rows.update(peers);
    },
  };
}

function problemOf({ problem, problemAt }) {
  return problem === '' ? '' : `${since(problemAt)} ago: ${problem}`;
}
