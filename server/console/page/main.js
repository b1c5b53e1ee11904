// The frame around the views: which one is shown, and whether what it shows is live.

import { ApiError, takeTokenFromAddress, useToken } from './base/api.js';
import { button, h, keyed, setText } from './base/dom.js';
import { bytes, number } from './base/format.js';
import { on, start, store } from './base/store.js';
import { connectionsView } from './views/connections.js';
import { healthView } from './views/health.js';
import { requestView } from './views/request.js';
import { trafficView } from './views/traffic.js';
import { tryView } from './views/try.js';

/** Each view is a function of the rest of its address that returns `{element, close}`. */
const VIEWS = [
  { name: 'connections', title: 'Connections', view: connectionsView },
  { name: 'request', title: 'Request', view: requestView },
  { name: 'traffic', title: 'Traffic', view: trafficView },
  { name: 'health', title: 'Health', view: healthView },
  { name: 'try', title: 'Try', view: tryView },
];

const main = document.getElementById('view');
const nav = document.getElementById('nav');
const state = document.getElementById('state');

let shown = { name: '', close() {} };

function show() {
  const [, name = '', rest = ''] = /^#\/([a-z]*)\/?(.*)$/.exec(location.hash) ?? [];
  const chosen = VIEWS.find((one) => one.name === name) ?? VIEWS[0];
  shown.close();
  const { element, close } = chosen.view(decodeURIComponent(rest));
  shown = { name: chosen.name, close };
  main.replaceChildren(element);
  document.title = `${chosen.title} – opensrf-chopchop`;
  showNav();
}

function showNav() {
  keyed(
    nav,
    VIEWS,
    ({ name }) => name,
    ({ name, title }, old) => {
      const link = old ?? h('a', { href: `#/${name}` }, title);
      if (name === shown.name) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
      return link;
    },
  );
}

const STATES = {
  connecting: 'connecting…',
  slow: 'Still connecting: the server is busy, or too many windows show its console',
  live: 'live',
  behind: 'The server is slow to answer: not all is up to date. Too many windows?',
  hidden: 'not live while the page is hidden',
  lost: 'The server does not answer. Trying again…',
  refused: 'The server wants another token',
};

const light = h('span', { class: 'light' });
const stateText = h('span', { class: 'state-text' });
const figures = h('span', { class: 'figures' });
state.replaceChildren(light, stateText);
state.after(figures);

function showState() {
  document.body.dataset.state = store.state;
  setText(stateText, STATES[store.state]);
  if (store.state === 'refused') askForToken();
  else document.querySelector('.token')?.remove();
}

function showFigures() {
  const last = store.samples.at(-1);
  if (last === undefined) return;
  setText(figures, `${number(last.requests)} requests/s · ${number(last.sessions)} sessions · ${bytes(last.rssBytes)}`);
}

/** A server that was started again has another token, if it was not given one by a file. */
function askForToken() {
  if (document.querySelector('.token') !== null) return;
  const input = h('input', { id: 'token', autocomplete: 'off', placeholder: 'http://127.0.0.1:5290/#token=…' });
  const use = (event) => {
    event.preventDefault();
    useToken(input.value);
    form.remove();
  };
  const form = h(
    'form',
    { class: 'token', onsubmit: use },
    h(
      'label',
      { for: 'token' },
      'The server was started anew, or you came without its token. Paste the console’s address from its banner, or the token from its control file:',
    ),
    h('div', { class: 'row' }, input, button('Use it', use)),
  );
  document.querySelector('.bar').after(form);
}

/** Whoever looks must not take for whole what is not. */
function mistakeMade(error) {
  const said = error?.message ?? String(error);
  const text = error instanceof ApiError ? `That did not work: ${said}.` : `The console made a mistake (${said}). What it shows may be wrong; load it again.`;
  const notice = document.querySelector('.mistake') ?? h('p', { class: 'notice mistake', role: 'alert' });
  setText(notice, text);
  main.before(notice);
}

/** 1 to 5 choose a view, / goes to a search field. Not while somebody writes. */
function keyPressed(event) {
  if (event.altKey || event.ctrlKey || event.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  const view = VIEWS[Number(event.key) - 1];
  if (view !== undefined) location.hash = `#/${view.name}`;
  const search = event.key === '/' ? main.querySelector('input[type=search]') : null;
  if (search === null) return;
  event.preventDefault();
  search.focus();
}

takeTokenFromAddress();
addEventListener('hashchange', () => {
  // The address was pasted into a tab that had the console open.
  takeTokenFromAddress();
  show();
});
addEventListener('keydown', keyPressed);
addEventListener('error', ({ error }) => error && mistakeMade(error));
addEventListener('unhandledrejection', ({ reason }) => mistakeMade(reason));
on('state', showState);
on('health', showFigures);
showState();
show();
start();
