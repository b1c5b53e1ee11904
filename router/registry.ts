import type { SessionEndpoint } from '../shared/stanza.ts';
import type { RouterEnvironment } from './environment.ts';
import type { ServiceClass } from './service-class.ts';
import type { ServiceNode } from './service-node.ts';
import { SessionNodes } from './session-nodes.ts';

/** The classes of a router, and the listeners in them. */
export class Registry {
  /** By name, in order of registration. */
  readonly classes = new Map<string, ServiceClass>();
  /** How many nodes are in the pools of all classes. */
  size = 0;
  private readonly sessions = new Map<SessionEndpoint, SessionNodes>();
  /** What classes that are no more have counted. */
  private routedBefore = 0;
  private readonly environment: RouterEnvironment;
  private readonly create: (className: string) => ServiceClass;
  private state: 'published' | 'withdrawn' = 'withdrawn';

  /** @param create Makes a class without nodes. */
  constructor(environment: RouterEnvironment, create: (className: string) => ServiceClass) {
    this.environment = environment;
    this.create = create;
  }

  /** Messages handed to listeners, of all classes there ever were. */
  get routed(): number {
    let sum = this.routedBefore;
    for (const service of this.classes.values()) sum += service.count;
    return sum;
  }

  /** The classes take their addresses. */
  publish(): void {
    this.state = 'published';
    for (const service of this.classes.values()) this.environment.publish(service);
  }

  /** The classes give their addresses away, and keep their nodes. */
  withdraw(): void {
    this.state = 'withdrawn';
    for (const service of this.classes.values()) this.environment.withdraw(service);
  }

  /** A class, made if need be; null if somebody else has its address. A new one must get a node. */
  open(className: string): ServiceClass | null {
    const known = this.classes.get(className);
    if (known !== undefined) return known;
    const service = this.create(className);
    if (this.state === 'published' && !this.environment.publish(service)) return null;
    this.classes.set(className, service);
    return service;
  }

  add(service: ServiceClass, node: ServiceNode): void {
    service.addNode(node);
    this.size++;
    this.nodesOf(node.session).add(node, service);
  }

  /** Takes a node out of its pool, and out with it its class if it was the last one. */
  remove(service: ServiceClass, node: ServiceNode): void {
    service.removeNode(node);
    this.size--;
    this.sessions.get(node.session)?.leftPool(node);
    if (service.nodes.size === 0) {
      this.classes.delete(service.name);
      this.routedBefore += service.count;
      this.environment.withdraw(service);
    }
    this.environment.listenersChanged(service.name, service.nodes);
  }

  /** Takes the nodes of a session that has ended out of all pools. @returns those it had; null if it was no listener. */
  sessionEnded(session: SessionEndpoint): SessionNodes | null {
    const nodes = this.sessions.get(session);
    if (nodes === undefined) return null;
    this.sessions.delete(session);
    for (const [node, service] of nodes.inPool()) {
      this.remove(service, node);
      this.environment.log.info({ class: service.name, listener: node.jid, listeners: service.nodes.size }, 'listener left: its session has ended');
    }
    return nodes;
  }

  /** A session that had the address of a class has ended. */
  addressFreed(className: string): void {
    const service = this.classes.get(className);
    if (this.state === 'published' && service !== undefined) this.environment.publish(service);
  }

  private nodesOf(session: SessionEndpoint): SessionNodes {
    const known = this.sessions.get(session);
    if (known !== undefined) return known;
    const nodes = new SessionNodes();
    this.sessions.set(session, nodes);
    return nodes;
  }
}
