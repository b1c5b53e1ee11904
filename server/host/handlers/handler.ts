import type { Clock } from '../../../shared/clock.ts';
import type { Element } from '../../../shared/element.ts';
import type { StanzaError } from '../../../shared/errors.ts';

/** Something one can address (XEP-0030 §4). */
export interface HostItem {
  readonly jid: string;
  /** For a person; `''` for none. */
  readonly name: string;
}

/** When the server began to serve; zeros before. */
export interface Uptime {
  /** Milliseconds since 1970. */
  startedAt: number;
  /** The same moment in monotonic milliseconds. */
  since: number;
}

/** What handlers know of the server. */
export interface HostFacts {
  readonly clock: Clock;
  readonly uptime: Uptime;
  /** Whatever else has an address of its own and belongs to a domain. */
  items(domain: string): readonly HostItem[];
}

/** An iq of type get or set to a host, an account or a router. */
export interface IqRequest {
  /** The one child of the iq. */
  readonly payload: Element;
  /** The sender's address, stamped by the server. */
  readonly from: string;
  /** The domain it was sent to. */
  readonly domain: string;
  readonly facts: HostFacts;
}

/** The payload of the result as finished XML, `''` for none; or an error. */
export type IqAnswer = string | StanzaError;

/** Answers one kind of iq. */
export interface IqHandler {
  readonly type: 'get' | 'set';
  /** Of the payload. */
  readonly namespace: string;
  /** The handler may take its time: the answer is sent when it resolves. */
  handle(request: IqRequest): IqAnswer | Promise<IqAnswer>;
}
