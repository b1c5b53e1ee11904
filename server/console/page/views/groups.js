// Groups the sessions for the picture: clients by account, listeners and workers by service. Pure functions of the server's reports.

import { bareJid } from '../base/format.js';

const CLIENTS = ['client', 'gateway'];

/** @returns `{clients, services, outside}`: groups with a key, a title and their sessions; and the sessions of external routers and components. */
export function groupsOf(routers, sessions) {
  const clients = new Map();
  const services = new Map();
  for (const report of routers) for (const service of report.services) addService(services, service, report.domain);
  const outside = sessions.filter(({ role }) => role === 'router' || role === 'component');
  for (const session of sessions) {
    if (CLIENTS.includes(session.role)) clientGroup(clients, session).sessions.push(session);
    else if (session.role === 'listener' || session.role === 'worker')
      for (const service of session.services) serviceGroup(services, service).sessions.push(session);
  }
  return { clients: [...clients.values()], services: [...services.values()], outside };
}

/** Shows browsers behind the web gateways apart from the programs of the same account. */
function clientGroup(groups, { role, account }) {
  return role === 'gateway' ? groupIn(groups, `browsers:${account}`, `${account}: browsers`) : groupIn(groups, `account:${account}`, account);
}

function addService(services, { service, listeners }, domain) {
  const group = serviceGroup(services, service);
  group.domains.push(domain);
  for (const listener of listeners) {
    const known = group.listeners.get(listener.jid);
    // The same listener may be registered with several routers.
    group.listeners.set(listener.jid, known === undefined ? listener : merged(known, listener));
  }
}

function merged(a, b) {
  return {
    ...a,
    requests: a.requests + b.requests,
    unanswered: a.unanswered + b.unanswered,
    draining: a.draining && b.draining,
    suspicion: a.suspicion || b.suspicion,
  };
}

function serviceGroup(services, service) {
  const group = groupIn(services, `service:${service}`, service);
  group.domains ??= [];
  group.listeners ??= new Map();
  return group;
}

function groupIn(groups, key, title) {
  const group = groups.get(key) ?? { key, title, sessions: [] };
  groups.set(key, group);
  return group;
}

/** Finds the group of a JID; `''` for the server itself and unknown JIDs. */
export function placeFinder(groups) {
  const places = new Map();
  for (const { key, sessions } of [...groups.clients, ...groups.services]) for (const { jid } of sessions) places.set(jid, key);
  const accounts = new Set(groups.clients.map(({ key }) => key));
  return (jid) => {
    const account = `account:${bareJid(jid)}`;
    return places.get(jid) ?? (accounts.has(account) ? account : '');
  };
}

/** Searches the JID and the peer's address. */
export function matches(session, wanted) {
  return wanted === '' || `${session.jid} ${session.peer}`.toLowerCase().includes(wanted);
}
