// The details of one session: facts, latest requests, actions.

import { api } from '../base/api.js';
import { button, h, keyed, requestName, setText } from '../base/dom.js';
import { bytes, clock, isFailure, ms, nameParts, number, outcome, since } from '../base/format.js';
import { refreshPicture, store } from '../base/store.js';

const RECENT = 8;

/** @returns `{element, update}`. */
export function sessionPanel(jid, close) {
  const facts = h('dl', { class: 'facts' });
  const recent = h('div', { class: 'recent' });
  const actions = h('div', { class: 'row actions' });
  const said = h('p', { class: 'quiet', role: 'status' });
  const element = h(
    'aside',
    { class: 'card panel', 'aria-label': `Session ${jid}`, tabindex: '-1', onkeydown: (event) => event.key === 'Escape' && close() },
    h('div', { class: 'row' }, h('h3', { class: 'mono jid' }, jid), button('Close', close, { 'aria-label': 'Close the details' })),
    facts,
    actions,
    said,
    h('h3', {}, 'Latest requests'),
    recent,
  );
  const end = confirmed('Close session', 'Really close it?', () => act(`/api/v1/sessions/${encodeURIComponent(jid)}`, 'DELETE', undefined, 'Session closed.'));
  const drain = button('Drain', () => drainOrResume('drain'));
  const resume = button('Resume', () => drainOrResume('resume'));
  actions.append(drain, resume, end);

  async function act(path, method, body, done) {
    try {
      await api(path, method, body);
      setText(said, done);
    } catch (error) {
      setText(said, error.message);
    }
    await refreshPicture();
  }

  async function drainOrResume(verb) {
    const { services = [] } = sessionOf(jid) ?? {};
    const done = verb === 'drain' ? 'It gets no new requests.' : 'It gets requests again.';
    for (const service of services) await act(`/api/v1/services/${encodeURIComponent(service)}/${verb}`, 'POST', { listener: jid }, done);
  }

  function update() {
    const session = sessionOf(jid);
    const listeners = listenersOf(jid);
    const draining = listeners.length > 0 && listeners.every((listener) => listener.draining);
    drain.hidden = session?.role !== 'listener' || draining;
    resume.hidden = session?.role !== 'listener' || !draining;
    end.hidden = session === undefined;
    keyed(facts, session === undefined ? [['state', 'closed']] : factsOf(session, listeners), ([name]) => name, factRow);
    keyed(recent, requestsOf(jid), ({ id }) => id, requestLink);
  }
  update();
  return { element, update };
}

function sessionOf(jid) {
  return store.sessions.find((session) => session.jid === jid);
}

function listenersOf(jid) {
  return store.routers.flatMap(({ services }) => services.flatMap(({ listeners }) => listeners.filter((listener) => listener.jid === jid)));
}

/** Why the router passes a listener over. */
const SUSPICIONS = {
  silent: 'it answers nothing for longer than is usual',
  unread: 'it reads nothing',
  replaced: 'it answers nothing, and a new process of its program has registered',
  gone: 'its process has ended, and a new one has registered',
};

function factsOf(session, listeners) {
  const { role, services, peer, stanzasRead, stanzasDelivered, bytesRead, bytesWritten, outboxBytes, stalled, unanswered, waiting, transport } = session;
  const facts = [
    ['state', waiting ? 'disconnected, may resume' : stalled ? 'stalled' : 'connected'],
    ['role', services.length === 0 ? role : `${role} of ${services.join(', ')}`],
    ['peer', `${peer}, ${transport}`],
    ['since', `${clock(session.since).slice(0, 8)}, for ${since(session.since)}`],
    ['sent', `${number(stanzasRead)} stanzas, ${bytes(bytesRead)}`],
    ['received', `${number(stanzasDelivered)} stanzas, ${bytes(bytesWritten)}`],
    ['outbox', outboxBytes === 0 ? 'empty' : bytes(outboxBytes)],
  ];
  if (role !== 'listener') return facts;
  const requests = listeners.reduce((sum, listener) => sum + listener.requests, 0);
  const draining = listeners.some((listener) => listener.draining);
  const suspicion = listeners.find((listener) => listener.suspicion !== '')?.suspicion;
  return [
    ...facts,
    ['requests', `${number(requests)}, ${number(unanswered)} unanswered`],
    ...(draining ? [['draining', 'receives no new requests']] : []),
    ...(suspicion === undefined ? [] : [['may be dead', `${SUSPICIONS[suspicion]}; gets requests only if no other listener can`]]),
  ];
}

/** A name and its value; the grid of the list aligns both. */
function factRow([name, value], old) {
  const row = old ?? h('div', { class: 'fact' }, h('dt', {}, name), h('dd', {}));
  setText(row.lastElementChild, value);
  return row;
}

function requestsOf(jid) {
  const found = [];
  for (const request of [...store.requests.values()].reverse()) {
    if (found.length === RECENT) break;
    if ([request.client, request.listener, request.worker].includes(jid)) found.push(request);
  }
  return found;
}

function requestLink(request, old) {
  const link = old ?? h('a', { class: 'recent-request', href: `#/request/${request.id}` }, requestName(nameParts(request)), h('span', { class: 'quiet' }));
  const result = link.lastElementChild;
  setText(result, `${outcome(request)} · ${ms(request.durationMs)}`);
  result.classList.toggle('bad', isFailure(request));
  return link;
}

/** A button that asks for confirmation. */
function confirmed(text, question, action) {
  let asked = false;
  const say = (isAsked) => {
    asked = isAsked;
    ask.textContent = asked ? question : text;
  };
  const ask = button(
    text,
    () => {
      if (asked) void action();
      say(!asked);
    },
    { class: 'danger', onblur: () => say(false) },
  );
  return ask;
}
