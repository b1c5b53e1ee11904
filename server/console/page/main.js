// The frame around the views: navigation, and the state of the connection.

import { ApiError, takeTokenFromAddress, useToken } from './base/api.js';
import { button, h, keyed, setText } from './base/dom.js';
import { bytes, clock, number } from './base/format.js';
import { on, start, store } from './base/store.js';
import { connectionsView } from './views/connections.js';
import { healthView } from './views/health.js';
import { requestView } from './views/request.js';
import { trafficView } from './views/traffic.js';
import { tryView } from './views/try.js';

/** A view is a function that takes the rest of the address and returns `{element, close}`. */
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
  const [, name = '', rest = ''] = /^#\/([a-z]*)\/?(.*)$/s.exec(location.hash) ?? [];
  const chosen = VIEWS.find((one) => one.name === name) ?? VIEWS[0];
  shown.close();
  const { element, close } = chosen.view(rest.startsWith('?') ? rest : decodeURIComponent(rest));
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
  slow: 'Still connecting: the server is busy, or the console is open in too many windows',
  live: 'live',
  behind: 'Slow answers from the server: some data is out of date. Too many windows?',
  hidden: 'paused while the page is hidden',
  lost: 'The server does not answer. Retrying…',
  refused: 'The server requires another token',
};

const light = h('span', { class: 'light' });
const stateText = h('span', { class: 'state-text' });
const figures = h('span', { class: 'figures' });
state.replaceChildren(light, stateText);
state.after(figures);

/** An out-of-date page says so over its whole width. */
const banner = h('div', { class: 'banner', role: 'alert', hidden: true });
let lostAt = 0;
document.querySelector('.bar').after(banner);

function showBanner() {
  const isLost = store.state === 'lost';
  if (isLost) lostAt ||= Date.now();
  else if (store.state !== 'connecting' && store.state !== 'slow') lostAt = 0;
  banner.hidden = lostAt === 0;
  setText(
    banner,
    banner.hidden ? '' : `The server does not answer since ${clock(lostAt).slice(0, 8)}. The page shows the last that it knows, and tries again every second.`,
  );
}

function showState() {
  document.body.dataset.state = store.state;
  setText(stateText, STATES[store.state]);
  showBanner();
  if (store.state === 'refused') askForToken();
  else document.querySelector('.token')?.remove();
}

function showFigures() {
  const last = store.samples.at(-1);
  if (last === undefined) return;
  setText(figures, `${number(last.requests)} requests/s · ${number(last.sessions)} sessions · ${bytes(last.rssBytes)}`);
}

/** A restarted server has a new token, unless it reads one from a file. */
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
      'The token is missing or out of date. Paste the console’s address from the server’s banner, or the token from its control file:',
    ),
    h('div', { class: 'row' }, input, button('Connect', use)),
  );
  document.querySelector('.bar').after(form);
}

/** Warns that the page may be incomplete or wrong. */
function mistakeMade(error) {
  const said = error?.message ?? String(error);
  const text = error instanceof ApiError ? `The action failed: ${said}.` : `Internal error of the console (${said}). Reload the page: its data may be wrong.`;
  const notice = document.querySelector('.mistake') ?? h('p', { class: 'notice mistake', role: 'alert' });
  setText(notice, text);
  main.before(notice);
}

/** 1 to 5 choose a view, / focuses the search field; not while an input has the focus. */
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
  // The user may paste an address with a new token into this tab.
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
