#!/usr/bin/env node
// Measures the router's own cost of a request, without sockets and XML: choice of the listener, stamping, and tracking until the answer.
// The figure must be flat over the number of classes and of listeners.
//
//   npm run build && node scripts/bench-router.js
import { Router } from '../dist/router/router.js';
import { UnansweredRequests } from '../dist/router/unanswered.js';
import { Stanza } from '../dist/shared/stanza.js';

const REQUESTS = 300_000;
const ROUNDS = 7;
const DOMAIN = 'localhost';

function session(resource) {
  return {
    jid: `opensrf@${DOMAIN}/${resource}`,
    domain: DOMAIN,
    isRouterAccount: false,
    stalled: false,
    backlogged: false,
    observer: null,
    last: null,
    deliver(stanza) {
      this.last = stanza;
    },
  };
}

function message(to, sender, thread) {
  const stanza = new Stanza('message', to, sender.jid, '', '');
  stanza.sender = sender;
  stanza.thread = thread;
  stanza.inner = `<opensrf router_from='' router_to='' router_class='' router_command='' osrf_xid='1'/><thread>${thread}</thread><body>${'x'.repeat(400)}</body></message>`;
  stanza.extensionStart = 0;
  stanza.extensionEnd = stanza.inner.indexOf('/>') + 2;
  return stanza;
}

function setUp(balance, classCount, listenerCount) {
  const directory = new Map();
  const environment = {
    deliver: (stanza) => directory.get(stanza.to)?.deliver(stanza),
    bounce: () => {},
    queried: () => {},
    publish: (endpoint) => directory.set(endpoint.jid, endpoint) !== undefined,
    withdraw: (endpoint) => directory.delete(endpoint.jid),
    listenersChanged() {},
    peers: () => [],
    clock: { now: () => Date.now(), after: () => ({ cancel() {} }) },
    log: { info() {}, warn() {} },
  };
  const options = {
    domain: DOMAIN,
    name: 'router',
    trustedServers: new Set([DOMAIN]),
    trustedClients: new Set([DOMAIN]),
    balance,
    onListenerLoss: 'error',
    lossGraceMs: 1_000,
    absentService: 'status',
    holdMs: 0,
    limits: { heldRequests: 0, heldBytes: 0, registrations: 100_000, queryBytes: 65_536, queryMessages: 16 },
  };
  const router = new Router(options, environment, new UnansweredRequests({ requests: 100_000, bytes: 2 ** 28 }));
  router.resume();
  for (let listener = 0; listener < listenerCount; listener++) {
    const registering = session(`listener${listener}`);
    for (let index = 0; index < classCount; index++) {
      const stanza = message(router.jid, registering, '');
      stanza.routerCommand = 'register';
      stanza.routerClass = `opensrf.class${index}`;
      directory.get(router.jid).deliver(stanza);
    }
  }
  return directory;
}

/** Nanoseconds of CPU for a request and its answer. */
function measure(directory, classCount) {
  const client = session('client');
  const begin = process.cpuUsage();
  for (let index = 0; index < REQUESTS; index++) {
    const to = `router@${DOMAIN}/opensrf.class${index % classCount}`;
    directory.get(to).deliver(message(to, client, `thread${index % 64}`));
    const answer = message(client.jid, client, `thread${index % 64}`);
    client.observer.delivered(answer);
  }
  const { user, system } = process.cpuUsage(begin);
  return ((user + system) * 1_000) / REQUESTS;
}

for (const balance of ['round-robin', 'least-outstanding']) {
  for (const [classCount, listenerCount] of [
    [1, 1],
    [100, 1],
    [2_000, 1],
    [1, 10],
    [1, 100],
    [1, 1_000],
  ]) {
    const directory = setUp(balance, classCount, listenerCount);
    measure(directory, classCount);
    const rounds = Array.from({ length: ROUNDS }, () => measure(directory, classCount)).sort((a, b) => a - b);
    const median = Math.round(rounds[ROUNDS >> 1]);
    console.log(
      `${balance.padEnd(18)} ${String(classCount).padStart(5)} classes ${String(listenerCount).padStart(5)} listeners  ${String(median).padStart(6)} ns/request`,
    );
  }
}
