import { isLoopback } from '../kernel/loopback.ts';
import type { Problems } from './problem.ts';
import { natsPlace } from './values/cluster.ts';

/** The listeners that a member of a cluster prefers: all, as one router does, or its own. */
export const CLUSTER_BALANCES = ['all', 'local'] as const;
export type ClusterBalance = (typeof CLUSTER_BALANCES)[number];

/** The cluster that this server is a member of. */
export interface ClusterConfig {
  /** Letters, digits, `_` and `-`, at most 32, as in a subject of NATS. */
  readonly name: string;
  /** The name of this member, likewise; unique in the cluster. */
  readonly member: string;
  /** URLs of NATS servers, without user information. */
  readonly nats: readonly string[];
  /** A file with NATS credentials, an nkey seed, or `user:password`; `''`: none. */
  readonly credentialsFile: string;
  /** A file with certificates of authorities for the NATS servers; `''`: those of Node. */
  readonly caFile: string;
  readonly balance: ClusterBalance;
  /** Whether this server is ready only while it is connected to NATS. */
  readonly required: boolean;
}

/** The same as the input of a configuration. */
export type ClusterInput = Pick<ClusterConfig, 'name' | 'member' | 'nats'> & Partial<ClusterConfig>;

/** Reports a cluster without a name, member or NATS server, and traffic that other machines could read or forge. */
export function checkCluster({ name, member, nats, caFile }: ClusterConfig, mayBeExposed: boolean, problems: Problems): void {
  // A program, or the command line, may have left them out.
  need('cluster.name', name !== null, 'the name of the cluster', problems);
  need('cluster.member', member !== null, 'a name for this member of the cluster', problems);
  need('cluster.nats', nats.length > 0, 'the URL of a NATS server', problems);
  if (problems.has('cluster.nats')) return;
  const plain = nats.filter((url) => natsPlace(url)?.tls === false);
  const [first] = plain;
  if (first === undefined) return;
  // NATS decides about TLS once for all servers.
  if (plain.length < nats.length) problems.add('cluster.nats', `${first}: begin all URLs with tls://, or none`, first);
  else if (caFile !== '') problems.add('cluster.caFile', 'no URL of --nats begins with tls://');
  const open = plain.find((url) => !isLoopback(natsPlace(url)?.host ?? ''));
  if (open !== undefined && !mayBeExposed) problems.add('cluster.nats', `${open}: other machines could read and forge all messages: ${REMEDY}`, open);
}

const REMEDY = 'use tls://, or add --insecure';

function need(path: string, given: boolean, what: string, problems: Problems): void {
  if (!given && !problems.has(path)) problems.add(path, `needs ${what}`);
}
