import type { TestContext } from 'node:test';
import { MemoryHub } from '../../server/cluster/engines/memory-hub.ts';
import { ChopChop } from '../../server/compose/chopchop.ts';
import { type ConfigInput, createConfig } from '../../server/config/config.ts';
import { createClock, SYSTEM_TIME } from '../../server/kernel/clock.ts';
import { Guards } from '../../server/kernel/guard.ts';
import { SILENT_LOG } from '../../server/kernel/log.ts';
import type { BoundAddress } from '../../server/net/tcp.ts';
import { OsrfClient } from '../../server/osrf/client.ts';
import { OsrfService } from '../../server/osrf/service.ts';
import { Events } from './patience.ts';
import { type Relay, relayTo } from './peer-server.ts';
import { PATIENT_LIMITS, recordingLog, startServer, type TestServer } from './server.ts';

/** The domain of the cluster, and that of its peer. */
export const CLUSTER = 'private.b';
export const PEER = 'private.a';

/** Short times, so that a test does not wait long for a lost member. */
export const QUICK = { limits: { beatMs: 50, suspectMs: 200, deadAfterMs: 600 }, router: { lossGraceMs: 100 } } as const;

/** The longest time until a request has an answer or an error: `deadAfterMs`, the grace of a loss, and the time that a busy machine takes. A client gives up after a minute. */
export const MOST_MS = QUICK.limits.deadAfterMs + QUICK.router.lossGraceMs + 10_000;

/** Members in this process, and a peer server whose streams come to one of them. */
export class PeeredCluster {
  readonly hub: MemoryHub;
  readonly members: ChopChop[] = [];
  readonly logs: ReturnType<typeof recordingLog>[] = [];
  readonly peer: TestServer;
  readonly relay: Relay;
  /** The index of the member that the peer reaches. */
  entrance = 0;
  private readonly t: TestContext;
  private clients = 0;

  private constructor(t: TestContext, peer: TestServer, relay: Relay) {
    this.t = t;
    this.peer = peer;
    this.relay = relay;
    const config = createConfig();
    this.hub = new MemoryHub(createClock(new Guards(SILENT_LOG, SYSTEM_TIME, config.limits).create('timer', null)));
  }

  static async start(t: TestContext, names: readonly string[], entrance = 0): Promise<PeeredCluster> {
    const relay = await relayTo(t, () => cluster.members[cluster.entrance]?.listening.s2s[0] as BoundAddress);
    const trust = new Map([[PEER, [PEER, CLUSTER]]]);
    const router = { ...QUICK.router, trustedServers: trust, trustedClients: trust };
    const limits = { peerRetryMs: 100 };
    const s2s = { port: 0, peers: [`${CLUSTER}=127.0.0.1:${relay.port},auth=dialback,router=yes`] };
    const cluster = new PeeredCluster(t, await startServer(t, { domains: [PEER], s2s, router, limits }), relay);
    for (const name of names) await cluster.join(name);
    cluster.entrance = entrance;
    return cluster;
  }

  /** Starts a member. */
  async join(member: string, input: ConfigInput = {}): Promise<ChopChop> {
    const trust = new Map([[CLUSTER, [PEER, CLUSTER]]]);
    const peers = [`${PEER}=127.0.0.1:${this.peer.server.listening.s2s[0]?.port},auth=dialback,router=yes`];
    const config = createConfig({
      port: 0,
      domains: [CLUSTER],
      s2s: { port: 0, peers, secret: 'shared' },
      router: { ...QUICK.router, trustedServers: trust, trustedClients: trust },
      ...input,
      limits: { ...PATIENT_LIMITS, ...QUICK.limits, peerRetryMs: 100, ...input.limits },
    });
    const cluster = { name: 'test', member, nats: [], credentialsFile: '', caFile: '', balance: 'all', required: false } as const;
    const log = recordingLog();
    const server = new ChopChop({ ...config, cluster }, log, this.hub.engine(member));
    await server.start();
    this.t.after(() => server.stop());
    this.members.push(server);
    this.logs.push(log);
    return server;
  }

  /** Ends a member as a crash does: the others hear nothing from it any more. */
  async crash(index: number): Promise<void> {
    const server = this.members[index] as ChopChop;
    this.hub.crash(server.config.cluster?.member ?? '');
    await server.stop();
  }

  /** Cuts, or heals, the network between the first member and the others. */
  isolate(cut: boolean): void {
    const [first, ...others] = this.members.map(({ config }) => config.cluster?.member ?? '');
    for (const other of others) this.hub.cut(first as string, other, cut);
  }

  /** Resolves when a member has given another one up. */
  async without(member: ChopChop, other: string): Promise<void> {
    while (member.clusterReport?.members.some(({ name }) => name === other) === true) await new Promise((resolve) => setImmediate(resolve));
  }

  /** The names of the members that have the session of the peer. */
  get owners(): string[] {
    const having = this.members.filter(({ sessions }) => [...sessions].some(({ kind }) => kind === 'peer'));
    return having.map(({ config }) => config.cluster?.member ?? '');
  }

  /** Logs a client in, at a member or at the peer. */
  async client(server: ChopChop): Promise<OsrfClient> {
    const client = await OsrfClient.connect({ ...loginAt(server), resource: `client-${++this.clients}` });
    this.t.after(() => client.close());
    return client;
  }

  /** Starts a service at one server that registers with a router. @param known The server that must know of it; by default, the first one with that router. */
  async service(
    server: ChopChop,
    router: string,
    service: string,
    methods: Record<string, (...args: never[]) => unknown>,
    known?: ChopChop,
  ): Promise<OsrfService> {
    const started = await OsrfService.start({ ...loginAt(server), routers: [`router@${router}/router`], service, workers: 2, methods });
    this.t.after(() => started.stop());
    const registered = known ?? [...this.members, this.peer.server].find(({ config }) => config.domains.includes(router));
    await this.listeners(registered as ChopChop, service, 1);
    return started;
  }

  /** Resolves when a server knows this many listeners of a service. */
  async listeners(server: ChopChop, service: string, count: number): Promise<void> {
    await this.untilListeners(server, service, (nodes) => nodes.length === count);
  }

  /** Resolves when a member has the session of the peer, with its listener of a service. */
  async takenOver(member: ChopChop, service: string): Promise<void> {
    await this.untilListeners(member, service, (nodes) => nodes.some(({ local }) => local));
  }

  private async untilListeners(server: ChopChop, service: string, condition: (nodes: readonly { readonly local: boolean }[]) => boolean): Promise<void> {
    const router = server.routers.get(server.config.domains[0] as string);
    const nodes = () => [...(router?.classes.get(service)?.nodes.values() ?? [])];
    const events = new Events();
    const end = server.watchServices(() => events.happened());
    await events.until(
      () => condition(nodes()),
      () => false,
      () => `${service} has ${nodes().length} listeners`,
    );
    end();
  }
}

function loginAt(server: ChopChop) {
  const { host, port } = server.listening.c2s[0] as BoundAddress;
  return { host, port, domain: server.config.domains[0] as string, username: 'opensrf', password: 'password' };
}
