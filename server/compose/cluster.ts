import { Cluster, type ClusterEnvironment, type SavedCluster } from '../cluster/cluster.ts';
import { configDigests } from '../cluster/digests.ts';
import type { Engine } from '../cluster/link/engine.ts';
import type { ClusterConfig } from '../config/cluster.ts';
import type { Federation } from '../federation/federation.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { type Log, logOfPart } from '../kernel/log.ts';
import type { BuiltInSettings } from '../settings/built-in.ts';
import type { Parts } from './compose.ts';

/** The parts of this server that others have too, and that members share; null: it has none. */
export interface ClusterPrograms {
  readonly settings: BuiltInSettings | null;
  readonly federation: Federation | null;
}

/**
 * Makes a server a member of its cluster.
 * @param engine Null: NATS.
 * @throws EngineError if NATS refuses this member.
 */
export async function openCluster(parts: Parts, config: ClusterConfig, engine: Engine | null, programs: ClusterPrograms, log: Log): Promise<Cluster> {
  const cluster = new Cluster(environmentOf(parts, config, engine ?? (await natsEngine(config, parts, log)), programs, log));
  known(parts, cluster);
  try {
    await cluster.open();
    return cluster;
  } catch (error) {
    await cluster.leave();
    throw error;
  }
}

/** Prepares a server for the place of another process in its cluster. @returns a function that takes it, of the state of that process. @throws CommandError if it is another place. */
export async function preparedCluster(
  parts: Parts,
  config: ClusterConfig,
  engine: Engine | null,
  programs: ClusterPrograms,
  log: Log,
): Promise<(saved: unknown) => Cluster> {
  const environment = environmentOf(parts, config, engine ?? (await natsEngine(config, parts, log)), programs, log);
  return (state) => {
    const saved = state as SavedCluster;
    if (saved.name !== config.name || saved.member !== config.member) {
      const [old, own] = [`${saved.member} of the cluster ${saved.name}`, `${config.member} of ${config.name}`];
      throw new CommandError(EXIT.usage, `the old process is the member ${old}, and the configuration says ${own}: stop it, and start this one`);
    }
    const cluster = new Cluster(environment, saved.membership.incarnation);
    known(parts, cluster);
    cluster.restore(saved);
    return cluster;
  };
}

function known({ evidence }: Parts, cluster: Cluster): void {
  evidence.elsewhere = () => cluster.replicas.known.allRemote;
}

function environmentOf(parts: Parts, config: ClusterConfig, engine: Engine, { settings, federation }: ClusterPrograms, given: Log): ClusterEnvironment {
  const { running, routers, slices, routerReplaced } = parts;
  return {
    ...parts,
    config,
    digestsOf: (one) => new Map(Object.entries(configDigests(one))),
    server: running.config,
    limits: running.config.limits,
    askMs: running.config.limits.askMs,
    engine,
    peers: federation,
    jobs: slices,
    routers: {
      routers: routers.byDomain,
      announcers: routers.announcers,
      returnedByNumber: (number) => routers.returnedByNumber(number),
      settings,
      onRouterReplaced: () => routerReplaced.call(),
    },
    log: logOfPart(given, 'cluster'),
  };
}

/** Loaded on demand, because most servers are alone. */
async function natsEngine({ nats, member, credentialsFile, caFile }: ClusterConfig, { clock }: Parts, log: Log): Promise<Engine> {
  const { NatsEngine } = await import('../cluster/engines/nats-engine.ts');
  // The check of the configuration has refused plain connections to other machines, unless they are wanted.
  return new NatsEngine({ servers: nats, clientName: `opensrf-chopchop ${member}`, credentialsFile, caFile, insecure: true }, clock, log);
}
