import type { Clock } from '../shared/clock.ts';
import type { StanzaError } from '../shared/errors.ts';
import type { Endpoint, Stanza } from '../shared/stanza.ts';
import type { ServiceNode } from './service-node.ts';

/** What the router writes about itself; pino fits. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Everything a router needs of the server it lives in. */
export interface RouterEnvironment {
  /** Hands a stanza on; one that cannot be delivered bounces. */
  deliver(stanza: Stanza): void;
  /** Sends a stanza back to its sender with an error, if it may be answered at all. */
  bounce(stanza: Stanza, error: StanzaError): void;
  /** Answers what is no message and came to the router's own address: that is XMPP's business, not OpenSRF's. */
  queried(stanza: Stanza): void;
  /** Makes an endpoint reachable at its address; true if it is by now, false if somebody else holds that. */
  publish(endpoint: Endpoint): boolean;
  withdraw(endpoint: Endpoint): void;
  /** The routers of the domains named as peers. */
  peers(): Iterable<PeerRouter>;
  /** A listener has joined or left a class. Told while the router is at work, so what follows from it must be sent, not done. @param listeners By address. */
  listenersChanged(className: string, listeners: ReadonlyMap<string, ServiceNode>): void;
  readonly clock: Clock;
  readonly log: Log;
}

/** A router that may have a class which this one lacks. */
export interface PeerRouter {
  /** Takes the request if the class has a listener here and the sender's domain is trusted. */
  takeOver(className: string, request: Stanza): boolean;
}
