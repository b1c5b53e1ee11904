import { Ledger } from '../../router/ledger/ledger.ts';
import type { Announcer } from '../../router/ports/announcer.ts';
import type { RouterEnvironment } from '../../router/ports/environment.ts';
import { Router } from '../../router/router.ts';
import { parseJid } from '../../shared/jid.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { type ChopChopConfig, routerName } from '../config/config.ts';
import type { Guards } from '../kernel/guard.ts';
import { type Log, logWith } from '../kernel/log.ts';
import { Watchers } from '../kernel/watchers.ts';

/** The parts of the server that its routers need. */
export interface RoutersEnvironment extends Omit<RouterEnvironment, 'peers' | 'listenersChanged' | 'announcer' | 'log'> {
  readonly log: Log;
}

/** Called with a service's listeners at a domain's router, by address, when they have changed. */
export type ListenersWatcher = (domain: string, service: string, listeners: ReadonlyMap<string, unknown>) => void;

/** The routers of a server, one for each of its domains. */
export class Routers {
  readonly byDomain: ReadonlyMap<string, Router>;
  /** The unanswered requests of all routers. */
  readonly ledger: Ledger;
  /** By domain, in a cluster. */
  readonly announcers = new Map<string, Announcer>();
  private readonly watchers: Watchers<Parameters<ListenersWatcher>>;

  constructor(config: ChopChopConfig, environment: RoutersEnvironment, guards: Guards) {
    this.watchers = new Watchers(guards, 'service watcher');
    const { unansweredRequests, unansweredBytes } = config.limits;
    this.ledger = new Ledger({ requests: unansweredRequests, bytes: unansweredBytes }, environment);
    this.byDomain = new Map(config.domains.map((domain) => [domain, this.create(config, domain, environment)]));
  }

  /** Adds the routers' addresses to the directory. */
  resume(): void {
    for (const router of this.byDomain.values()) router.resume();
  }

  /** Removes the routers' addresses from the directory. */
  suspend(): void {
    for (const router of this.byDomain.values()) router.suspend();
  }

  /** Whether a session has registered a service. @param session Its number. */
  isListener(session: number): boolean {
    for (const router of this.byDomain.values()) if (router.isListener(session)) return true;
    return false;
  }

  /** Applies the trusted domains of another configuration. */
  trust(config: ChopChopConfig): void {
    for (const [domain, router] of this.byDomain) router.trust(trustedServers(config, domain), trustedClients(config, domain));
  }

  /** Gives a routed request that was not written back to its router. */
  returned(stanza: Stanza): void {
    this.byDomain.get(parseJid(stanza.from)?.domain ?? '')?.returned(stanza);
  }

  /** Returns a request that another member of the cluster has not written to its router. @param number Its number in the ledger. */
  returnedByNumber(number: number): void {
    this.ledger.returned(number);
  }

  /** Calls the watcher at every change of a service's listeners, at any router. @returns A function that unsubscribes. */
  watch(watcher: ListenersWatcher): () => void {
    return this.watchers.add(watcher);
  }

  private create(config: ChopChopConfig, domain: string, environment: RoutersEnvironment): Router {
    const { router, limits } = config;
    const peers = router.peers.filter((peer) => peer !== domain);
    const options = {
      ...router,
      limits,
      domain,
      localFirst: config.cluster?.balance === 'local',
      name: routerName(router, domain),
      trustedServers: trustedServers(config, domain),
      trustedClients: trustedClients(config, domain),
    };
    const { announcers } = this;
    const ofRouter: RouterEnvironment = {
      ...environment,
      log: logWith(environment.log, { router: `${options.name}@${domain}` }),
      peers: () => peers.map((peer) => this.byDomain.get(peer) as Router),
      get announcer() {
        return announcers.get(domain) ?? null;
      },
      listenersChanged: (service, listeners) => this.watchers.call(domain, service, listeners),
    };
    return new Router(options, ofRouter, this.ledger);
  }
}

/** The domains whose sessions may register with a domain's router; all served domains by default. */
export function trustedServers({ router, domains }: ChopChopConfig, domain: string): Set<string> {
  return new Set(router.trustedServers.get(domain) ?? domains);
}

/** The domains whose sessions may send requests to a domain's router. */
function trustedClients({ router, domains }: ChopChopConfig, domain: string): Set<string> {
  return new Set(router.trustedClients.get(domain) ?? domains);
}
