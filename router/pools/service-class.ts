import type { Endpoint } from '../../shared/endpoint.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { Balance } from '../balance/balance.ts';
import { type BalanceName, createBalance } from '../balance/balances.ts';
import type { ServiceNode } from './service-node.ts';

/** Takes what is sent to the address of a class. */
export interface ClassReceiver {
  sentToClass(service: ServiceClass, stanza: Stanza): void;
}

/** What a {@link ServiceClass} is made from. */
export interface ServiceClassOptions {
  readonly name: string;
  /** `router@DOMAIN/SERVICE` */
  readonly jid: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly balance: BalanceName;
  readonly receiver: ClassReceiver;
}

/** One OpenSRF service as the router knows it: its well-known address and its pool of listeners. */
export class ServiceClass implements Endpoint {
  readonly name: string;
  readonly jid: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** By address, in order of registration. */
  readonly nodes = new Map<string, ServiceNode>();
  /** Messages handed to all nodes it ever had. */
  count = 0;
  /** How many nodes take new requests. */
  private taking = 0;
  private readonly balance: Balance<ServiceNode>;
  private readonly receiver: ClassReceiver;

  constructor({ name, jid, since, balance, receiver }: ServiceClassOptions) {
    this.name = name;
    this.jid = jid;
    this.since = since;
    this.balance = createBalance(balance);
    this.receiver = receiver;
  }

  deliver(stanza: Stanza): void {
    this.receiver.sentToClass(this, stanza);
  }

  /** Whether none of its nodes takes new requests. */
  get drained(): boolean {
    return this.taking === 0;
  }

  /** The node for the next request; null if there is none. */
  next(): ServiceNode | null {
    return this.balance.next();
  }

  add(node: ServiceNode): void {
    this.nodes.set(node.jid, node);
    this.balance.add(node);
    this.taking++;
  }

  remove(node: ServiceNode): void {
    this.nodes.delete(node.jid);
    if (node.draining) return;
    this.balance.remove(node);
    this.taking--;
  }

  /** Stops (or lets pass again) new requests to a node that stays registered. */
  drain(node: ServiceNode, draining: boolean): void {
    if (node.draining === draining) return;
    node.draining = draining;
    this.taking += draining ? -1 : 1;
    if (draining) this.balance.remove(node);
    else this.balance.add(node);
  }

  /** A node's count of unanswered requests has changed by one. */
  unansweredChanged(node: ServiceNode, before: number): void {
    this.balance.unansweredChanged(node, before);
  }
}
