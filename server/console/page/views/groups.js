// Groups the sessions for the picture: clients by account, listeners and workers by service. Pure functions of the server's reports.

import { bareJid } from '../base/format.js';

/** The part of the picture in which sessions of a role are; those of another role (an external router, a component, a later member or peer server) stand beside the server. */
const PLACES = { client: 'clients', gateway: 'clients', listener: 'services', worker: 'services' };

/** The picture has a card for each of this many services, and beyond a card for each family of services. */
const MAX_CARDS = 12;

/** @returns `{clients, services, outside}`: groups with a key, a title and their sessions; and the sessions beside the server. */
export function groupsOf(routers, sessions) {
  const clients = new Map();
  const services = new Map();
  const outside = [];
  for (const report of routers) for (const service of report.services) addService(services, service, report.domain);
  for (const session of sessions) {
    const place = PLACES[session.role];
    if (place === 'clients') clientGroup(clients, session).sessions.push(session);
    else if (place === 'services') for (const service of session.services) serviceGroup(services, service).sessions.push(session);
    else outside.push(session);
  }
  return { clients: [...clients.values()], services: [...services.values()], outside };
}

/** Shows browsers behind the web gateways apart from the programs of the same account. */
function clientGroup(groups, { role, account }) {
  return role === 'gateway' ? groupIn(groups, `browsers:${account}`, `Web gateways: ${account}`) : groupIn(groups, `account:${account}`, account);
}

/** Families by the first part of the services' names, `open-ils.*`, if there are too many services for a card each. */
export function familiesOf(services) {
  if (services.length <= MAX_CARDS) return services;
  const families = new Map();
  for (const service of services) {
    const name = service.title.split('.')[0];
    const family = groupIn(families, `family:${name}`, `${name}.*`);
    family.members ??= [];
    family.members.push(service);
    for (const session of service.sessions) family.sessions.push(session);
  }
  return [...families.values()];
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

/** Finds the card of a JID; `''` for the server itself and unknown JIDs. @param groups Their `clients`, and the services or families that are shown. */
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
