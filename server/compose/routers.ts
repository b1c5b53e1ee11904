import type { RouterEnvironment } from '../../router/environment.ts';
import { Router } from '../../router/router.ts';
import type { ServiceNode } from '../../router/service-node.ts';
import { UnansweredRequests } from '../../router/unanswered.ts';
import { type ChopChopConfig, routerName } from '../config/config.ts';

/** What the routers of a server need of it. */
export type RoutersEnvironment = Omit<RouterEnvironment, 'peers' | 'listenersChanged'>;

/** Is told of every change of a service's listeners. @param listeners By address. */
export type ListenersWatcher = (domain: string, service: string, listeners: ReadonlyMap<string, ServiceNode>) => void;

/** The routers of a server, one for each of its domains. */
export class Routers {
  readonly byDomain: ReadonlyMap<string, Router>;
  /** Of all routers. */
  readonly unanswered: UnansweredRequests;
  private readonly watchers = new Set<ListenersWatcher>();

  constructor(config: ChopChopConfig, environment: RoutersEnvironment) {
    const { unansweredRequests, unansweredBytes } = config.limits;
    this.unanswered = new UnansweredRequests({ requests: unansweredRequests, bytes: unansweredBytes });
    this.byDomain = new Map(config.domains.map((domain) => [domain, this.create(config, domain, environment)]));
  }

  /** They take their addresses. */
  resume(): void {
    for (const router of this.byDomain.values()) router.resume();
  }

  /** They give their addresses away. */
  suspend(): void {
    for (const router of this.byDomain.values()) router.suspend();
  }

  /** Takes over the trusted domains of another configuration. */
  retrust(config: ChopChopConfig): void {
    for (const [domain, router] of this.byDomain) router.retrust(trustedServers(config, domain), trustedClients(config, domain));
  }

  /** Tells of every change of a service's listeners, at any of the routers. @returns what ends that. */
  watch(watcher: ListenersWatcher): () => void {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  }

  private create(config: ChopChopConfig, domain: string, environment: RoutersEnvironment): Router {
    const { router, limits } = config;
    const { deliver, bounce, queried, publish, withdraw, clock, log } = environment;
    const ofDomain = {
      name: routerName(router, domain),
      domain,
      trustedServers: trustedServers(config, domain),
      trustedClients: trustedClients(config, domain),
    };
    const peers = router.peers.filter((peer) => peer !== domain);
    const ofRouter: RouterEnvironment = {
      deliver,
      bounce,
      queried,
      publish,
      withdraw,
      peers: () => peers.map((peer) => this.byDomain.get(peer) as Router),
      listenersChanged: (service, listeners) => {
        for (const watcher of this.watchers) watcher(domain, service, listeners);
      },
      clock,
      log,
    };
    return new Router({ ...router, ...ofDomain, limits }, ofRouter, this.unanswered);
  }
}

/** The domains whose sessions may register with the router of a domain; all own ones where nothing is said. */
export function trustedServers({ router, domains }: ChopChopConfig, domain: string): Set<string> {
  return new Set(router.trustedServers.get(domain) ?? domains);
}

/** The same for those that may send requests. */
function trustedClients({ router, domains }: ChopChopConfig, domain: string): Set<string> {
  return new Set(router.trustedClients.get(domain) ?? domains);
}
