import { forAll } from '../../shared/steps.ts';
import type { RouterEnvironment } from '../ports/environment.ts';
import type { ServiceClass } from './service-class.ts';
import type { ServiceNode } from './service-node.ts';
import { SessionNodes } from './session-nodes.ts';

/** The memory of a registration, including the tables; measured (Node 20 to 24). */
const REGISTRATION_BYTES = 1_500;

/** The classes of a router, and the listeners in them. */
export class Registry {
  /** By name, in order of registration. */
  readonly classes = new Map<string, ServiceClass>();
  /** The number of nodes in all pools. */
  size = 0;
  /** By number of session. */
  private readonly sessions = new Map<number, SessionNodes>();
  /** The messages of removed classes. */
  routedBefore = 0;
  private readonly environment: RouterEnvironment;
  private readonly create: (className: string) => ServiceClass;
  private state: 'published' | 'withdrawn' = 'withdrawn';

  /** @param create Makes a class without nodes. */
  constructor(environment: RouterEnvironment, create: (className: string) => ServiceClass) {
    this.environment = environment;
    this.create = create;
  }

  /** Messages handed to listeners, of all past and present classes. */
  get routed(): number {
    let sum = this.routedBefore;
    for (const service of this.classes.values()) sum += service.count;
    return sum;
  }

  /** Publishes the addresses of the classes. */
  publish(): void {
    this.state = 'published';
    for (const service of this.classes.values()) this.environment.publish(service);
  }

  /** Withdraws the addresses of the classes, which keep their nodes. */
  withdraw(): void {
    this.state = 'withdrawn';
    for (const service of this.classes.values()) this.environment.withdraw(service);
  }

  /** Whether that address is registered for the class. */
  has(className: string, jid: string): boolean {
    return this.classes.get(className)?.nodes.has(jid) === true;
  }

  /** The number of a session's nodes in pools. @param session Its number. */
  countOf(session: number): number {
    return this.sessions.get(session)?.inPoolCount ?? 0;
  }

  /**
   * Adds a node to the pool of a class, which it creates if needed.
   * @param isApplied Whether another member of the cluster has added it: then even if a session holds the address of the class, which is published when that session ends.
   * @returns the class; null if a session holds its address.
   */
  add(className: string, node: ServiceNode, isApplied: boolean): ServiceClass | null {
    const known = this.classes.get(className);
    const service = known ?? this.create(className);
    const isFree = known !== undefined || this.state === 'withdrawn' || this.environment.publish(service);
    if (!isFree && !isApplied) return null;
    this.classes.set(className, service);
    service.add(node);
    this.joined(node, service);
    return service;
  }

  private joined(node: ServiceNode, service: ServiceClass): void {
    this.size++;
    node.account.charge(REGISTRATION_BYTES + service.name.length);
    this.nodesOf(node.session).add(node, service);
  }

  /** Removes a node from its pool, and the class with its last node. */
  remove(service: ServiceClass, node: ServiceNode): void {
    service.remove(node);
    this.size--;
    node.account.charge(-REGISTRATION_BYTES - service.name.length);
    this.sessions.get(node.session)?.leftPool(node);
    if (service.nodes.size === 0) this.close(service);
    this.environment.listenersChanged(service.name, service.nodes);
  }

  /** Fills a class with the nodes of another process. @param nodes As for {@link ServiceClass.restore}, like rotation. */
  restore(service: ServiceClass, nodes: readonly ServiceNode[], rotation: readonly ServiceNode[]): void {
    if (this.state === 'published' && !this.environment.publish(service)) throw new Error(`the address of class ${service.name} is taken`);
    this.classes.set(service.name, service);
    service.restore(nodes, rotation);
    for (const node of nodes) this.joined(node, service);
    this.environment.listenersChanged(service.name, service.nodes);
  }

  /** Remembers a node of a session that has left its pool with unanswered requests, in another process. */
  restoreLeft(service: ServiceClass, node: ServiceNode): void {
    const nodes = this.nodesOf(node.session);
    nodes.add(node, service);
    nodes.leftPool(node);
  }

  /** The nodes of a session, or null. */
  ofSession(session: number): SessionNodes | null {
    return this.sessions.get(session) ?? null;
  }

  /** Removes the nodes of a session that has ended from all pools. @returns its nodes, or null. */
  sessionEnded(session: number): SessionNodes | null {
    const nodes = this.ofSession(session);
    if (nodes === null) return null;
    this.sessions.delete(session);
    forAll(nodes.inPool(), ([node, service]) => {
      this.remove(service, node);
      this.environment.log.info({ class: service.name, listener: node.jid, listeners: service.nodes.size }, 'listener left: its session has ended');
    });
    return nodes;
  }

  /** Called when a session that held the address of a class has ended. */
  addressFreed(className: string): void {
    const service = this.classes.get(className);
    if (this.state === 'published' && service !== undefined) this.environment.publish(service);
  }

  private close(service: ServiceClass): void {
    this.classes.delete(service.name);
    this.routedBefore += service.count;
    this.environment.withdraw(service);
  }

  private nodesOf(session: number): SessionNodes {
    const known = this.sessions.get(session);
    if (known !== undefined) return known;
    const nodes = new SessionNodes();
    this.sessions.set(session, nodes);
    return nodes;
  }
}
