import { createHash, timingSafeEqual } from 'node:crypto';
import type { Timer } from '../../shared/clock.ts';
import type { Element } from '../../shared/element.ts';
import { StanzaError, StreamError } from '../../shared/errors.ts';
import { normalizeDomain } from '../../shared/jid.ts';
import { NS } from '../../shared/namespaces.ts';
import type { StreamHeader } from '../../shared/reader/stream-receiver.ts';
import type { ServerClock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { FailedLogins } from '../login/failed-logins.ts';
import type { Connection, Negotiation } from '../net/connection.ts';
import { newStreamId } from '../net/framing.ts';
import type { Link } from '../sessions/link.ts';
import type { Session } from '../sessions/session.ts';
import { checkContentNamespace } from './header.ts';
import { ComponentStream } from './session-streams.ts';

/** The parts of the server that a component's negotiation needs. */
export interface ComponentEnvironment {
  readonly clock: ServerClock;
  readonly log: Log;
  readonly loginTimeoutMs: number;
  readonly failedLogins: FailedLogins;
  /** The secret of a domain; null if no component may have it. */
  secretOf(domain: string): string | null;
  /** Makes a component's session, or returns an error. */
  bind(link: Link, domain: string): Session | StanzaError;
}

/** The negotiation of a component's stream: header, and a handshake that proves knowledge of the secret (XEP-0114 §3). */
export class ComponentNegotiation implements Negotiation {
  readonly reads = 'elements';
  private readonly connection: Connection;
  private readonly environment: ComponentEnvironment;
  private readonly timer: Timer;
  /** The timer of a delayed failure, or null. */
  private failureTimer: Timer | null = null;
  private domain = '';
  private secret = '';
  private streamId = '';

  constructor(connection: Connection, environment: ComponentEnvironment) {
    this.connection = connection;
    this.environment = environment;
    this.timer = environment.clock.after(environment.loginTimeoutMs, () => this.timedOut());
  }

  headerRead(header: StreamHeader): void {
    const domain = normalizeDomain(header.to);
    const secret = domain === null ? null : this.environment.secretOf(domain);
    checkContentNamespace(header, NS.component);
    if (domain === null || secret === null) throw new StreamError('host-unknown', `this server has no component "${header.to}"`);
    this.domain = domain;
    this.secret = secret;
    this.streamId = newStreamId();
    // Without a version, because no features follow (XEP-0114 §2).
    this.connection.sendHeader({ from: header.to, id: this.streamId, version: '' }, null);
  }

  elementRead({ name, prefix, namespace, text }: Element): void {
    if (namespace !== NS.component || name !== 'handshake' || prefix !== '') throw new StreamError('not-authorized', `<${name}> before the handshake`);
    if (this.failureTimer !== null) throw new StreamError('policy-violation', 'a handshake is still pending');
    if (!this.isProof(text.trim())) {
      this.failed();
      return;
    }
    const session = this.environment.bind(this.connection, this.domain);
    if (session instanceof StanzaError) throw new StreamError('conflict', session.text);
    this.timer.cancel();
    this.connection.write('<handshake/>');
    this.connection.handOver(new ComponentStream(this.connection, session));
  }

  footerRead(): void {
    this.connection.close('client-closed');
  }

  ended(): void {
    this.timer.cancel();
    this.failureTimer?.cancel();
  }

  private failed(): void {
    const { peer } = this.connection;
    this.environment.log.warn({ peer, domain: this.domain }, 'refused a component: wrong secret');
    const error = new StreamError('not-authorized', 'the handshake does not match the secret');
    const delayMs = this.environment.failedLogins.delayMs(peer);
    if (delayMs === 0) throw error;
    this.failureTimer = this.environment.clock.after(delayMs, () => this.connection.close('login-failed', error));
  }

  /** XEP-0114 §3: the hex SHA-1 of stream id and secret. */
  private isProof(handshake: string): boolean {
    const proof = createHash('sha1')
      .update(this.streamId + this.secret)
      .digest('hex');
    return /^[0-9a-f]{40}$/i.test(handshake) && timingSafeEqual(Buffer.from(handshake.toLowerCase()), Buffer.from(proof));
  }

  private timedOut(): void {
    this.environment.log.info({ peer: this.connection.peer }, 'a handshake took too long');
    this.connection.close('login-timeout', new StreamError('connection-timeout', 'the handshake took too long'));
  }
}
