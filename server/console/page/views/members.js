// The table of the other members of the cluster; hidden if the server is alone.

import { h, setText } from '../base/dom.js';
import { bytes, ms, number } from '../base/format.js';
import { sortable } from '../base/sortable.js';

const count = (value) => (value === 0 ? '' : number(value));
const size = (value) => (value === 0 ? '' : bytes(value));

const COLUMNS = [
  { title: 'Member', of: ({ name }) => name, kind: 'mono' },
  { title: 'State', of: ({ suspect }) => (suspect ? 'suspect' : 'joined') },
  { title: 'Sessions', of: ({ sessions }) => sessions, text: number, kind: 'right' },
  { title: 'Round trip', of: ({ roundTripMs }) => roundTripMs, text: (value) => (value === 0 ? '' : ms(value)), kind: 'right' },
  { title: 'Not acknowledged', of: ({ unackedBytes }) => unackedBytes, text: size, kind: 'right' },
  { title: 'Wait', of: ({ queuedBytes }) => queuedBytes, text: size, kind: 'right' },
  { title: 'Stanzas sent', of: ({ crossings }) => crossings, text: count, kind: 'right' },
  { title: 'Suspected', of: ({ suspected }) => suspected, text: count, kind: 'right failed' },
  { title: 'Lost', of: ({ lost }) => lost, text: count, kind: 'right failed' },
];

export function membersTable(scrolled) {
  const rows = sortable(COLUMNS, ({ name }) => name);
  const own = h('p', { class: 'quiet' });
  const element = h(
    'section',
    { class: 'card block', 'aria-label': 'Members', hidden: true },
    h('h3', {}, 'The other members of the cluster'),
    own,
    scrolled('Members', rows.element),
  );
  return {
    element,
    update(cluster) {
      element.hidden = cluster === null;
      if (cluster === null) return;
      const connection = cluster.connected ? 'connected to NATS' : 'not connected to NATS';
      setText(own, `This server is the member ${cluster.member} of the cluster ${cluster.name}, ${connection}.`);
      rows.update(cluster.members);
    },
  };
}
