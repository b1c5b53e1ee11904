import type { ChopChopConfig, RunningConfig } from '../config/config.ts';
import { routerName } from '../config/config.ts';
import { Delivery } from '../delivery/delivery.ts';
import { Directory } from '../delivery/directory.ts';
import type { HostFacts, HostItem, Uptime } from '../host/handlers/handler.ts';
import { ROUTER_HANDLERS, ROUTER_NAME } from '../host/handlers/handlers.ts';
import { Host } from '../host/host.ts';
import { Queries } from '../host/queries.ts';
import { createClock, type ServerClock, SYSTEM_TIME } from '../kernel/clock.ts';
import { ServerCounts } from '../kernel/counts.ts';
import { Guards } from '../kernel/guard.ts';
import { type Log, logOfPart } from '../kernel/log.ts';
import { MemoryBudget } from '../kernel/memory-budget.ts';
import { defaultMemoryLimit } from '../kernel/memory-limit.ts';
import { ProgramTurns } from '../kernel/program-turns.ts';
import { Slices } from '../kernel/slices.ts';
import { Turn } from '../kernel/turn.ts';
import { Watchers } from '../kernel/watchers.ts';
import { FailedRequests } from '../logging/failed-requests.ts';
import { GuardedLogs } from '../logging/guarded-logs.ts';
import { LogProtect } from '../logging/log-protect.ts';
import { Accounts } from '../login/accounts.ts';
import { Flusher } from '../net/flusher.ts';
import { Tls } from '../net/tls/tls.ts';
import { Binding } from '../sessions/binding.ts';
import { BoundSession } from '../sessions/bound-session.ts';
import { Liveness } from '../sessions/liveness.ts';
import { Observation } from '../sessions/observation.ts';
import { Presence } from '../sessions/presence.ts';
import { RemoteSession } from '../sessions/remote-session.ts';
import { Resumption } from '../sessions/resumption.ts';
import type { Session } from '../sessions/session.ts';
import { Connections } from '../streams/connections.ts';
import { Listeners } from '../streams/listeners.ts';
import { ServerEvidence } from './evidence.ts';
import { Programs } from './programs.ts';
import { Routers } from './routers.ts';

/** The parts of one server. */
export interface Parts {
  readonly running: RunningConfig;
  readonly uptime: Uptime;
  readonly clock: ServerClock;
  readonly guards: Guards;
  readonly guardedLogs: GuardedLogs;
  readonly turn: Turn;
  readonly flusher: Flusher;
  readonly slices: Slices;
  /** Shares the event loop among the programs of this process. */
  readonly turns: ProgramTurns;
  readonly memory: MemoryBudget;
  readonly counts: ServerCounts;
  readonly accounts: Accounts;
  readonly tls: Tls;
  readonly observation: Observation;
  readonly directory: Directory;
  readonly delivery: Delivery;
  readonly evidence: ServerEvidence;
  readonly routers: Routers;
  readonly binding: Binding;
  readonly presence: Presence;
  readonly resumption: Resumption;
  /** The sessions of clients, components and programs. */
  readonly sessions: ReadonlySet<Session>;
  readonly liveness: Liveness;
  readonly connections: Connections;
  readonly programs: Programs;
  readonly listeners: Listeners;
  /** Called when an external router has replaced an internal one. */
  readonly routerReplaced: Watchers<[]>;
}

/** Wires one server, from the ground up. */
export function compose(config: ChopChopConfig, log: Log): Parts {
  const running: RunningConfig = { config };
  const uptime: Uptime = { startedAt: 0, since: 0 };
  const guards = new Guards(logOfPart(log, 'guard'), SYSTEM_TIME, config.limits);
  const clock = createClock(guards.create('timer', null));
  const guardedLogs = new GuardedLogs(log, clock, config.limits);
  const guardedLog = guardedLogs.of;
  const slices = new Slices(clock, guards.create('job', null));
  const turns = new ProgramTurns(clock, clock.soon);
  const memoryLog = guardedLog('memory', ['warn']);
  const memory = new MemoryBudget(config.limits.memoryBytes || defaultMemoryLimit(), clock, ({ peer, rank }, bytes) => {
    memoryLog.warn({ peer, rank, bytes }, 'memory is running out: closing the peer with the most memory');
  });
  const counts = new ServerCounts();
  const accounts = new Accounts(config.accounts);
  const tls = new Tls(logOfPart(log, 'tls'));
  const turn = new Turn(clock);
  const flusher = new Flusher(turn, clock, guards.create('flush', null));
  const observation = new Observation(guards);

  const directory = new Directory();
  const failures = new FailedRequests(guardedLog('requests', ['warn']), () => new LogProtect(running.config.logProtect), observation.recent);
  const delivery = new Delivery(directory, counts, (stanza, error) => failures.undelivered(stanza, error));
  const presence = new Presence(delivery, config.limits);
  const sessions = new Set<Session>();
  const components = new Set<Session>();
  const facts: HostFacts = { clock, uptime, items: (domain) => itemsOf(config, components, domain) };
  const queries = new Queries(delivery, facts, config.limits.queryBytes, logOfPart(log, 'host'));
  for (const domain of config.domains) directory.add(new Host(domain, delivery, presence, queries, config.limits));

  const evidence = new ServerEvidence(sessions, clock);
  const routers = new Routers(
    config,
    {
      deliver: (stanza) => delivery.deliver(stanza),
      bounce: (stanza, error) => delivery.sendBack(stanza, error),
      failures,
      queried: (stanza) => queries.answer(stanza, ROUTER_HANDLERS, stanza.to),
      publish: (endpoint) => directory.add(endpoint),
      withdraw: (endpoint) => directory.remove(endpoint),
      session: ({ jid, session }) => {
        const endpoint = directory.get(jid);
        const isSession = endpoint instanceof BoundSession || endpoint instanceof RemoteSession;
        return isSession && endpoint.origin.session === session ? endpoint : null;
      },
      evidence,
      jobs: slices,
      memory,
      clock,
      log: guardedLog('router', ['warn']),
    },
    guards,
  );

  const routerReplaced = new Watchers<[]>(guards, 'router watcher');
  const binding = new Binding(
    {
      externalRouter: config.router.externalRouter,
      componentConflict: config.components.conflict,
      maxSessions: config.limits.sessions,
      stanzaBytes: config.limits.stanzaBytes,
    },
    {
      clock,
      directory,
      sessions,
      components,
      delivery,
      presence,
      observation,
      memory,
      isListener: (session) => routers.isListener(session),
      jobs: slices,
      counts,
      endGuard: guards.create('session end', null),
      routers: routers.byDomain,
      returned: (stanza) => routers.returned(stanza),
      log: guardedLog('sessions', ['warn']),
      onRouterReplaced: () => routerReplaced.call(),
    },
  );
  const resumption = new Resumption(config.limits, clock, guardedLog('resumption', ['info', 'warn']));
  const connections = new Connections(config, { clock, counts, turn, slices, memory, flusher, accounts, binding, resumption, guardedLog, tls, running });
  const programs = new Programs(config, { accounts, binding, memory, flusher, clock, limits: config.limits, counts, log: guardedLog('program', ['error']) });
  const listeners = new Listeners(config, { clock, memory, tls, connections, log: guardedLog('web', ['warn', 'error']) });
  const liveness = new Liveness(config.limits);
  return {
    running,
    uptime,
    clock,
    guards,
    guardedLogs,
    turn,
    flusher,
    slices,
    turns,
    memory,
    counts,
    accounts,
    tls,
    observation,
    evidence,
    directory,
    delivery,
    routers,
    sessions,
    binding,
    presence,
    resumption,
    liveness,
    connections,
    programs,
    listeners,
    routerReplaced,
  };
}

/** The items of a host: its router, and the components of its subdomains. */
function itemsOf({ router }: ChopChopConfig, components: ReadonlySet<Session>, domain: string): HostItem[] {
  const below = [...components].filter(({ jid }) => jid.endsWith(`.${domain}`));
  return [{ jid: `${routerName(router, domain)}@${domain}/router`, name: ROUTER_NAME }, ...below.map(({ jid }) => ({ jid, name: '' }))];
}
