import { StreamError } from '../../shared/errors.ts';
import { componentSecret } from '../config/components.ts';
import { type ChopChopConfig, type RunningConfig, routerName } from '../config/config.ts';
import type { ServerClock } from '../kernel/clock.ts';
import type { ServerCounts } from '../kernel/counts.ts';
import type { MemoryBudget } from '../kernel/memory-budget.ts';
import type { Slices } from '../kernel/slices.ts';
import type { Turn } from '../kernel/turn.ts';
import type { GuardedLog } from '../logging/guarded-logs.ts';
import type { Accounts } from '../login/accounts.ts';
import { FailedLogins } from '../login/failed-logins.ts';
import type { LoginPolicy } from '../login/policy.ts';
import { createMechanisms } from '../login/sasl/mechanisms.ts';
import { Connection, type ConnectionEnvironment, type ConnectionUser, type Negotiation } from '../net/connection.ts';
import { readDeadPeers } from '../net/dead-peers.ts';
import type { Flusher } from '../net/flusher.ts';
import { PendingConnections } from '../net/pending-connections.ts';
import type { Tls } from '../net/tls/tls.ts';
import type { Transport } from '../net/transport.ts';
import type { Binding } from '../sessions/binding.ts';
import { MANAGEMENT_FEATURE } from '../sessions/management-elements.ts';
import type { Resumption } from '../sessions/resumption.ts';
import { type C2sEnvironment, C2sNegotiation } from './c2s.ts';
import { type ComponentEnvironment, ComponentNegotiation } from './component.ts';
import { streamLimitsXml } from './limits.ts';

/** The parts of the server that its connections need. */
export interface ConnectionsEnvironment {
  readonly clock: ServerClock;
  readonly counts: ServerCounts;
  readonly turn: Turn;
  readonly slices: Slices;
  readonly memory: MemoryBudget;
  readonly flusher: Flusher;
  readonly accounts: Accounts;
  readonly binding: Binding;
  readonly resumption: Resumption;
  readonly guardedLog: GuardedLog;
  readonly tls: Tls;
  /** The running configuration: a reload may change the secrets of components. */
  readonly running: RunningConfig;
}

/** The user of a connection of another process, whose negotiation is over. */
const NO_NEGOTIATION: Negotiation = { reads: 'elements', headerRead: () => {}, elementRead: () => {}, footerRead: () => {}, ended: () => {} };

/** All connections of a server. Each begins with the negotiation of a client or a component. */
export class Connections {
  /** The open connections, logged in or not. */
  readonly open = new Set<Connection>();
  /** The unauthenticated connections. */
  readonly pending: PendingConnections;
  private readonly retransmissions: number;
  private readonly counts: ServerCounts;
  private readonly environment: ConnectionEnvironment;
  private readonly c2s: C2sEnvironment;
  private readonly component: ComponentEnvironment;
  private whenEmpty: (() => void) | null = null;

  constructor(config: ChopChopConfig, environment: ConnectionsEnvironment) {
    const { clock, counts, turn, slices, memory, flusher, guardedLog, tls } = environment;
    this.retransmissions = config.limits.retransmissions;
    this.counts = counts;
    this.pending = new PendingConnections(config.limits, clock);
    this.environment = {
      clock,
      turn,
      slices,
      memory,
      flusher,
      limits: config.limits,
      counts,
      log: guardedLog('connection', ['info', 'warn', 'error']),
      defaultDomain: config.domains[0] as string,
      tls,
      pending: this.pending,
      onClosed: (connection) => this.closed(connection),
    };
    const failedLogins = new FailedLogins(config.limits, environment.clock);
    this.c2s = c2sEnvironment(config, environment, failedLogins);
    this.component = componentEnvironment(config, environment, failedLogins);
  }

  /** Accepts a client. */
  accept(transport: Transport): void {
    this.begin(new Connection(transport, this.environment, (connection) => new C2sNegotiation(connection, this.c2s)));
  }

  acceptComponent(transport: Transport): void {
    this.begin(new Connection(transport, this.environment, (connection) => new ComponentNegotiation(connection, this.component)));
  }

  /** Opens a connection of another kind, with its own bounds before its peer has authenticated. */
  adopt(transport: Transport, pending: PendingConnections, user: (connection: Connection) => ConnectionUser): Connection {
    const connection = new Connection(transport, { ...this.environment, pending }, user);
    this.open.add(connection);
    return connection;
  }

  /** Goes on with a connection of another process: {@link Connection.restore} follows. */
  goOnWith(transport: Transport): Connection {
    const connection = new Connection(transport, this.environment, () => NO_NEGOTIATION);
    this.open.add(connection);
    return connection;
  }

  private begin(connection: Connection): void {
    this.open.add(connection);
    this.pending.add(connection);
  }

  /** Logs a failure to accept a connection. */
  notAccepted(error: Error): void {
    this.environment.log.warn({ reason: error.message }, 'could not accept a connection');
  }

  /** Called periodically: closes the connections of dead peers. */
  closeDeadPeers(): void {
    const remote = [...this.open].filter(({ transport }) => transport.remote);
    if (remote.length === 0) return;
    const dead = readDeadPeers(this.retransmissions);
    for (const connection of remote) if (dead.has(connection.peer)) connection.close('connection-failed');
  }

  /** Closes all connections with `system-shutdown`, without waiting. */
  shutDown(): void {
    for (const connection of this.open) connection.close('server-stopped', new StreamError('system-shutdown', 'the server is stopping'));
  }

  /** Resolves when all connections are closed. */
  async allClosed(): Promise<void> {
    if (this.open.size > 0) await new Promise<void>((resolve) => (this.whenEmpty = resolve));
  }

  private closed(connection: Connection): void {
    this.open.delete(connection);
    this.counts.connectionClosed(connection);
    if (this.open.size === 0) this.whenEmpty?.();
  }
}

function c2sEnvironment(config: ChopChopConfig, environment: ConnectionsEnvironment, failedLogins: FailedLogins): C2sEnvironment {
  const { limits, router } = config;
  const { clock, accounts, binding, resumption, guardedLog } = environment;
  return {
    clock,
    accounts,
    mechanisms: createMechanisms(accounts, clock.soon),
    policy: { plaintextLogin: config.plaintextLogin, startTls: startTlsOf(config) },
    log: guardedLog('c2s', ['info', 'warn', 'error']),
    loginTimeoutMs: limits.loginTimeoutMs,
    features: {
      beforeLogin: streamLimitsXml(limits.loginBytes, 0),
      afterLogin: MANAGEMENT_FEATURE + streamLimitsXml(limits.stanzaBytes, limits.pingAfterMs),
    },
    failedLogins,
    servesDomain: (domain) => config.domains.includes(domain),
    resumption,
    bind: (link, username, domain, resource, isVersionless) =>
      binding.bindClient(link, { username, domain, resource, isVersionless, isRouterAccount: username === routerName(router, domain) }),
  };
}

function startTlsOf({ tls }: ChopChopConfig): LoginPolicy['startTls'] {
  if (tls === null) return 'none';
  return tls.required ? 'required' : 'offered';
}

function componentEnvironment(
  config: ChopChopConfig,
  { clock, running, binding, guardedLog }: ConnectionsEnvironment,
  failedLogins: FailedLogins,
): ComponentEnvironment {
  return {
    clock,
    log: guardedLog('component', ['info', 'warn', 'error']),
    loginTimeoutMs: config.limits.loginTimeoutMs,
    failedLogins,
    secretOf: (domain) => componentSecret(running.config.components, domain, config.domains),
    bind: (link, domain) => binding.bindComponent(link, domain),
  };
}
