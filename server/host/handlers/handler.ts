import type { Clock } from '../../../shared/clock.ts';
import type { Element } from '../../../shared/element.ts';
import type { StanzaError } from '../../../shared/errors.ts';

/** An item of a host (XEP-0030 §4). */
export interface HostItem {
  readonly jid: string;
  /** The display name, or `''`. */
  readonly name: string;
}

/** The time of the server's start; zeros before. */
export interface Uptime {
  /** Milliseconds since 1970. */
  startedAt: number;
  /** The same time in monotonic milliseconds. */
  since: number;
}

/** The facts about the server that handlers need. */
export interface HostFacts {
  readonly clock: Clock;
  readonly uptime: Uptime;
  /** The items of a domain: its router and components. */
  items(domain: string): readonly HostItem[];
}

/** An iq of type get or set to a host, an account or a router. */
export interface IqRequest {
  /** The one child of the iq. */
  readonly payload: Element;
  /** The sender's address, stamped by the server. */
  readonly from: string;
  /** The domain of the addressee. */
  readonly domain: string;
  readonly facts: HostFacts;
}

/** The payload of the result as XML, `''` for none; or an error. */
export type IqAnswer = string | StanzaError;

/** Answers one kind of iq. */
export interface IqHandler {
  readonly type: 'get' | 'set';
  /** The namespace of the payload. */
  readonly namespace: string;
  /** Answers the iq; may be asynchronous. */
  handle(request: IqRequest): IqAnswer | Promise<IqAnswer>;
}
