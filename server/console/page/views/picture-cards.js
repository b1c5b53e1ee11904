// The cards of the picture: an account with its clients, the server with its hosts and routers, a service with its listeners and workers.

import { button, cut, h, keyed, set, setText, svg } from '../base/dom.js';
import { bytes, number, shortName } from '../base/format.js';
import { store } from '../base/store.js';
import { matches } from './groups.js';

/** A collapsed card lists at most this many clients by name. It shows more clients, and listeners and workers, as dots. */
const NAMED = 5;
/** The most dots in a card. */
const DOTS = 240;
/** The most names in an expanded card. */
const ROWS = 500;

const DOT = 12;
const DOTS_IN_ROW = 24;

export function clientCard(group, context, old) {
  const card = old ?? frame(group);
  fill(card, group, context, group.sessions.length > NAMED ? 0 : NAMED);
  return card;
}

/** A service, or a family of them. */
export function serviceCard(group, context, old) {
  if (group.members !== undefined) return familyCard(group, context, old);
  const card = old ?? frame(group);
  fill(card, group, context, 0);
  setText(card.querySelector('.sub'), requestsOf([group]));
  return card;
}

function requestsOf(services) {
  const sum = (key) => services.reduce((total, { listeners }) => [...listeners.values()].reduce((all, listener) => all + listener[key], total), 0);
  const open = sum('unanswered');
  return `${number(sum('requests'))} requests${open > 0 ? ` · ${number(open)} open` : ''}`;
}

/** A line for each service; it shows the service alone. */
function familyCard(group, context, old) {
  const card =
    old ??
    h(
      'section',
      { class: 'card group', 'data-key': group.key, 'aria-label': group.title },
      h('div', { class: 'group-head' }, h('h3', {}, group.title), h('span', { class: 'sub quiet' })),
      h('div', { class: 'members' }),
    );
  setText(card.querySelector('.sub'), requestsOf(group.members));
  keyed(
    card.querySelector('.members'),
    group.members,
    ({ key }) => key,
    (member, line) => memberLine(member, context, line),
  );
  return card;
}

function memberLine(member, context, old) {
  const { title, sessions, listeners } = member;
  const line =
    old ?? button([cut(title.slice(title.indexOf('.') + 1)), h('span', { class: 'counts' })], () => context.find(title), { class: 'member mono', title });
  const all = [...listeners.values()];
  const isBad = sessions.some(({ stalled }) => stalled) || all.some(({ suspicion }) => suspicion !== '');
  const isDraining = all.some(({ draining }) => draining);
  const workers = sessions.length - all.length;
  setText(line.lastChild, `◆${all.length} ●${workers}`);
  // The two parts of a cut name would be read as two words.
  line.setAttribute('aria-label', `${title}: listeners ${all.length}, workers ${workers}`);
  line.lastChild.className = `counts${isBad ? ' bad' : isDraining ? ' warn' : ''}`;
  return line;
}

function frame(group) {
  return h(
    'section',
    { class: 'card group', 'data-key': group.key, 'aria-label': group.title },
    h('div', { class: 'group-head' }, h('h3', {}, group.title), h('span', { class: 'sub quiet' })),
    h('div', { class: 'dots' }),
    h('div', { class: 'rows' }),
    h('div', { class: 'group-foot' }, h('div', { class: 'badges' }), h('button', { type: 'button', class: 'link' })),
  );
}

function fill(card, group, context, named) {
  // Listeners first.
  const sessions = [...group.sessions].sort((a, b) => (a.role < b.role ? -1 : Number(a.role > b.role)));
  const isOpen = context.opened.has(group.key) || (context.wanted !== '' && !group.title.toLowerCase().includes(context.wanted));
  const shown = isOpen ? sessions.filter((session) => matches(session, context.wanted)).slice(0, ROWS) : sessions.slice(0, named);
  drawDots(card.querySelector('.dots'), named === 0 ? sessions : [], context);
  const rows = card.querySelector('.rows');
  keyed(rows, shown, jidOf, (session, row) => sessionRow(session, group, context, row));
  rows.classList.toggle('long', shown.length > 12);
  keyed(card.querySelector('.badges'), badgesOf(group, sessions), ([key]) => key, badge);
  const toggle = card.querySelector('.group-foot .link');
  toggle.hidden = sessions.length <= named;
  setText(toggle, isOpen ? 'Hide names' : 'Names');
  set(toggle, 'aria-expanded', String(isOpen));
  set(toggle, 'aria-label', `${isOpen ? 'Hide the names' : 'Names'} of ${group.title}`);
  toggle.onclick = () => {
    if (isOpen) context.opened.delete(group.key);
    else context.opened.add(group.key);
    context.redraw();
  };
}

function jidOf({ jid }) {
  return jid;
}

/** Counts of sessions by role, and of stalled and draining ones. */
function badgesOf({ listeners }, sessions) {
  const counted = ['listener', 'worker', 'client', 'gateway'].map((role) => [role, sessions.filter((session) => session.role === role).length, role]);
  const stalled = sessions.filter((session) => session.stalled).length;
  const draining = [...(listeners?.values() ?? [])].filter((listener) => listener.draining).length;
  const suspects = [...(listeners?.values() ?? [])].filter((listener) => listener.suspicion !== '').length;
  return [...counted, ['stalled', stalled, 'bad'], ['passed over', suspects, 'bad'], ['draining', draining, 'warn']].filter(([, count]) => count > 0);
}

function badge([name, count, kind], old) {
  const element = old ?? h('span', { class: `badge ${kind}` });
  const plural = kind === name && count !== 1 ? 's' : '';
  setText(element, `${number(count)} ${name}${plural}`);
  return element;
}

function sessionRow(session, group, context, old) {
  const row =
    old ??
    button([h('span', { class: 'mark' }), h('span', { class: 'name mono' }), h('span', { class: 'more' })], () => context.choose(session.jid), {
      class: 'session',
      'data-jid': session.jid,
    });
  const [mark, name, more] = row.children;
  mark.className = `mark ${session.role}${session.stalled ? ' stalled' : ''}`;
  setText(name, shortName(session.jid, group.title));
  set(row, 'title', session.jid);
  setText(more, stateOf(session, group.listeners?.get(session.jid)));
  more.classList.toggle('bad', session.stalled || Boolean(group.listeners?.get(session.jid)?.suspicion));
  return row;
}

function stateOf({ stalled, waiting, outboxBytes }, listener) {
  if (waiting) return 'disconnected';
  if (stalled) return 'stalled';
  if (listener?.suspicion) return 'may be dead';
  if (listener?.draining) return 'draining';
  if (listener?.unanswered > 0) return `${number(listener.unanswered)} open`;
  return outboxBytes > 0 ? `${bytes(outboxBytes)} queued` : '';
}

/** Hundreds of sessions at a glance; the expanded card is for the keyboard. */
function drawDots(place, sessions, context) {
  const shown = sessions.slice(0, DOTS);
  const signature = shown.map(({ jid, role, stalled }) => `${jid}${role}${stalled}`).join();
  if (place.dataset.signature === signature) return;
  place.dataset.signature = signature;
  const height = Math.ceil(shown.length / DOTS_IN_ROW) * DOT;
  const choose = ({ target }) => target.dataset.jid !== undefined && context.choose(target.dataset.jid);
  const picture = svg(
    'svg',
    { viewBox: `0 0 ${DOTS_IN_ROW * DOT} ${height}`, width: DOTS_IN_ROW * DOT, height, 'aria-hidden': 'true', onclick: choose },
    shown.map(dot),
  );
  const rest = sessions.length - shown.length;
  place.replaceChildren(...(shown.length === 0 ? [] : [picture]), ...(rest > 0 ? [h('span', { class: 'quiet' }, `and ${number(rest)} more`)] : []));
}

function dot({ jid, role, stalled }, index) {
  const x = (index % DOTS_IN_ROW) * DOT + DOT / 2;
  const y = Math.floor(index / DOTS_IN_ROW) * DOT + DOT / 2;
  const properties = { class: `dot ${role}${stalled ? ' stalled' : ''}`, 'data-jid': jid };
  const title = svg('title', {}, jid);
  if (role !== 'listener') return svg('circle', { ...properties, cx: x, cy: y, r: 3.8 }, title);
  return svg('rect', { ...properties, x: x - 3.4, y: y - 3.4, width: 6.8, height: 6.8, rx: 1, transform: `rotate(45 ${x} ${y})` }, title);
}

export function serverCard(outside, context, old) {
  const card =
    old ??
    h(
      'section',
      { class: 'card server', 'aria-label': 'Jabber server' },
      h('h3', {}, 'Jabber server'),
      h('p', { class: 'sub quiet' }),
      h('div', { class: 'hosts' }),
      h('div', { class: 'addresses mono quiet' }),
      h('div', { class: 'rows outside' }),
    );
  const last = store.samples.at(-1);
  setText(card.querySelector('.sub'), last === undefined ? '' : `${number(last.stanzas)} stanzas/s · ${number(last.unanswered)} unanswered`);
  keyed(card.querySelector('.hosts'), store.routers, ({ domain }) => domain, hostRow);
  keyed(card.querySelector('.addresses'), addressesOf(store.server), String, (address, line) => line ?? h('div', {}, address));
  keyed(card.querySelector('.outside'), outside, jidOf, (session, row) => sessionRow(session, { title: '' }, context, row));
  return card;
}

/** The kinds of addresses in the server's report, in the words of the picture. */
const KINDS = { c2s: '', tls: ' TLS', unix: '', components: ' components', web: ' web', webTls: ' web, TLS' };

function addressesOf(server) {
  const at = (address) => (typeof address === 'string' ? address : `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`);
  return Object.entries(KINDS).flatMap(([kind, words]) => (server?.listening?.[kind] ?? []).map((address) => `${at(address)}${words}`));
}

function hostRow({ domain, router, suspended, services, refusals }, old) {
  const row = old ?? h('div', { class: 'host' }, h('strong', {}), h('span', { class: 'router-name mono' }), h('span', { class: 'quiet' }));
  const [name, routerName, more] = row.children;
  const refused = Object.values(refusals).reduce((sum, count) => sum + count, 0);
  setText(name, domain);
  setText(routerName, suspended ? 'replaced by an external router' : router);
  setText(more, `${number(services.length)} service${services.length === 1 ? '' : 's'}${refused > 0 ? ` · ${number(refused)} refused` : ''}`);
  return row;
}
