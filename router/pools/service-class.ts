import type { Endpoint } from '../../shared/endpoint.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { Balance } from '../balance/balance.ts';
import { type BalanceName, createBalance } from '../balance/balances.ts';
import type { Counts, ServiceNode, Suspicion } from './service-node.ts';

/** Receives stanzas to the address of a class. */
export interface ClassReceiver {
  sentToClass(service: ServiceClass, stanza: Stanza): void;
}

/** The options of a {@link ServiceClass}. */
export interface ServiceClassOptions {
  readonly name: string;
  /** `router@DOMAIN/SERVICE` */
  readonly jid: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly balance: BalanceName;
  /** Whether to prefer the listeners of this process. */
  readonly localFirst: boolean;
  readonly receiver: ClassReceiver;
}

/** One OpenSRF service: its well-known address and its pool of listeners. */
export class ServiceClass implements Endpoint {
  readonly name: string;
  readonly jid: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** By address, in order of registration. */
  readonly nodes = new Map<string, ServiceNode>();
  /** Messages handed to all past and present nodes. */
  count = 0;
  /** How many nodes take new requests. */
  private taking = 0;
  private readonly balance: Balance<ServiceNode>;
  /** The pool of suspects. */
  private readonly suspects: Balance<ServiceNode>;
  /** The last node of each program that has registered. */
  private readonly newest = new Map<string, ServiceNode>();
  private readonly receiver: ClassReceiver;

  constructor({ name, jid, since, balance, localFirst, receiver }: ServiceClassOptions) {
    this.name = name;
    this.jid = jid;
    this.since = since;
    this.balance = createBalance(balance, localFirst);
    this.suspects = createBalance(balance, localFirst);
    this.receiver = receiver;
  }

  deliver(stanza: Stanza): void {
    this.receiver.sentToClass(this, stanza);
  }

  /** Whether none of its nodes takes new requests. */
  get drained(): boolean {
    return this.taking === 0;
  }

  /** The node for the next request; null if there is none. A suspect is chosen only if there are no others. */
  next(): ServiceNode | null {
    return this.balance.next() ?? this.suspects.next();
  }

  add(node: ServiceNode): void {
    this.nodes.set(node.jid, node);
    if (node.program !== '') this.newest.set(node.program, node);
    if (node.draining) return;
    this.poolOf(node).add(node);
    this.taking++;
  }

  remove(node: ServiceNode): void {
    this.nodes.delete(node.jid);
    if (this.newest.get(node.program) === node) this.newest.delete(node.program);
    if (node.draining) return;
    this.poolOf(node).remove(node);
    this.taking--;
  }

  /** The node that the program registered last; null if there is none or it has left. */
  newestOf(program: string): ServiceNode | null {
    return this.newest.get(program) ?? null;
  }

  /** Its nodes that take requests, suspects last, in the order of rotation. */
  get rotation(): ServiceNode[] {
    return [...this.balance.inOrder(), ...this.suspects.inOrder()];
  }

  /** Adds the nodes of another process, whose requests have been restored. @param nodes In order of registration. @param rotation See {@link rotation}. */
  restore(nodes: readonly ServiceNode[], rotation: readonly ServiceNode[]): void {
    for (const node of nodes) {
      this.nodes.set(node.jid, node);
      if (node.program !== '') this.newest.set(node.program, node);
    }
    for (const node of rotation) this.poolOf(node).add(node);
    this.taking += rotation.length;
  }

  /** Stops or resumes new requests to a node that stays registered. @returns false if it is in that state already. */
  drain(node: ServiceNode, draining: boolean): boolean {
    if (node.draining === draining) return false;
    node.draining = draining;
    this.taking += draining ? -1 : 1;
    if (draining) this.poolOf(node).remove(node);
    else this.poolOf(node).add(node);
    return true;
  }

  /** Sets or clears the suspicion of a node; a suspect is passed over while others can take requests. @param suspicion Null: cleared. */
  suspect(node: ServiceNode, suspicion: Suspicion | null): void {
    if (!node.draining) this.poolOf(node).remove(node);
    node.suspicion = suspicion;
    if (!node.draining) this.poolOf(node).add(node);
  }

  /** A node's count of unanswered requests has changed by one. */
  unansweredChanged(node: ServiceNode, before: number): void {
    this.poolOf(node).outstandingChanged(node, before + node.elsewhere.unanswered);
  }

  /** Sets a node's counts at other members. */
  setElsewhere(node: ServiceNode, counts: Counts): void {
    const before = node.outstanding;
    node.elsewhere = counts;
    if (node.outstanding !== before) this.poolOf(node).outstandingChanged(node, before);
  }

  private poolOf({ suspicion }: ServiceNode): Balance<ServiceNode> {
    return suspicion === null ? this.balance : this.suspects;
  }
}
