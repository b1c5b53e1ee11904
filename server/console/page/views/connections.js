// A picture of the connections to the Jabber server and the messages between them.

import { h, keyed, setText, svg } from '../base/dom.js';
import { number } from '../base/format.js';
import { on, refreshPicture, store } from '../base/store.js';
import { familiesOf, groupsOf, matches, placeFinder } from './groups.js';
import { clientCard, serverCard, serviceCard } from './picture-cards.js';
import { drawLines } from './picture-lines.js';
import { Pulses } from './pulses.js';
import { servicesTable } from './services.js';
import { sessionPanel } from './session-panel.js';

const REFRESH_MS = 2_000;

export function connectionsView(jid) {
  const clients = h('div', { class: 'column', role: 'group', 'aria-label': 'Clients, by account' });
  const server = h('div', { class: 'column', role: 'group', 'aria-label': 'The Jabber server, its hosts and routers' });
  const services = h('div', { class: 'column', role: 'group', 'aria-label': 'Services, with their listeners and workers' });
  const lines = svg('svg', { class: 'lines', 'aria-hidden': 'true' });
  const picture = h('div', { class: 'picture' }, lines, clients, server, services);
  const search = h('input', { type: 'search', 'aria-label': 'Find a session or service', placeholder: 'Find a session or service  ( / )', oninput: draw });
  const count = h('span', { class: 'quiet', role: 'status' });
  const more = h('p', { class: 'quiet' });
  const table = servicesTable();
  const panelPlace = h('div', { class: 'panel-place' });
  const element = h(
    'div',
    { class: 'connections' },
    h('div', { class: 'head' }, h('h2', {}, 'Connections'), count, h('span', { class: 'spring' }), h('div', { class: 'find' }, search)),
    h('div', { class: 'with-panel' }, h('div', { class: 'grow' }, picture, more, legend(), table.element), panelPlace),
  );
  const pulses = new Pulses(lines, picture);
  const opened = new Set();
  let placeOf = () => '';
  let panel = null;
  let outside = [];
  const context = {
    opened,
    choose,
    find,
    redraw: draw,
    get wanted() {
      return search.value.trim().toLowerCase();
    },
  };

  function choose(chosen) {
    history.replaceState(null, '', chosen === '' ? '#/connections' : `#/connections/${encodeURIComponent(chosen)}`);
    panel = chosen === '' ? null : sessionPanel(chosen, () => choose(''));
    panelPlace.replaceChildren(...(panel === null ? [] : [panel.element]));
    panel?.element.focus();
    draw();
  }

  function draw() {
    const { wanted } = context;
    const groups = groupsOf(store.routers, store.sessions);
    outside = groups.outside;
    const found = (group) => wanted === '' || group.title.toLowerCase().includes(wanted) || group.sessions.some((session) => matches(session, wanted));
    const shown = familiesOf(groups.services.filter(found));
    placeOf = placeFinder({ clients: groups.clients, services: shown });
    keyed(clients, groups.clients.filter(found), keyOf, (group, old) => clientCard(group, context, old));
    keyed(services, shown, keyOf, (group, old) => serviceCard(group, context, old));
    placeholders(groups, wanted);
    setText(count, `${number(store.sessionTotal)} session${store.sessionTotal === 1 ? '' : 's'}`);
    setText(more, store.sessionTotal > store.sessions.length ? `The first ${number(store.sessions.length)} of ${number(store.sessionTotal)} are shown.` : '');
    drawServer();
    place();
  }

  /** The parts that change with a sample of the server's health, too. */
  function drawServer() {
    keyed(server, [{ key: 'server' }], keyOf, (_, old) => serverCard(outside, context, old));
    panel?.update();
  }

  function find(text) {
    search.value = text;
    draw();
    search.focus();
  }

  function place() {
    picture.classList.toggle('tall', picture.scrollHeight > innerHeight - picture.offsetTop - 40);
    drawLines(picture, lines);
  }

  function placeholders(groups, wanted) {
    clients.dataset.empty = wanted === '' && groups.clients.length === 0 ? 'No client is connected' : '';
    services.dataset.empty = wanted === '' && groups.services.length === 0 ? 'No service is registered. Start one, or run the demo' : '';
  }

  const resized = new ResizeObserver(place);
  resized.observe(picture);
  let soon = null;
  const refreshSoon = () => {
    soon ??= setTimeout(() => {
      soon = null;
      void refreshPicture();
    }, 200);
  };
  const scrolled = () => drawLines(picture, lines);
  addEventListener('scroll', scrolled, { passive: true });
  const ends = [
    on('picture', draw),
    on('state', draw),
    on('health', drawServer),
    on('sessions', refreshSoon),
    on('steps', (steps) => pulses.show(steps, placeOf)),
  ];
  const timer = setInterval(() => void refreshPicture(), REFRESH_MS);
  void refreshPicture();
  draw();
  if (jid !== '') choose(jid);
  return {
    element,
    close() {
      removeEventListener('scroll', scrolled);
      table.close();
      clearInterval(timer);
      clearTimeout(soon);
      resized.disconnect();
      pulses.stop();
      for (const end of ends) end();
    },
  };
}

/** What marks, colours and moving dots mean. */
const MEANINGS = [
  ['mark client', 'client'],
  ['mark router', 'router'],
  ['mark listener', 'listener'],
  ['mark worker', 'worker'],
  ['mark stalled', 'stalled: reads nothing'],
  ['dot-line accent', 'request'],
  ['dot-line router', 'handed to a listener'],
  ['dot-line worker', 'answer'],
  ['dot-line bad', 'bounce'],
];

function legend() {
  const entries = MEANINGS.map(([kind, words]) => h('li', {}, h('span', { class: kind }), words));
  return h('ul', { class: 'legend-list', 'aria-label': 'Legend' }, entries);
}

function keyOf({ key }) {
  return key;
}
