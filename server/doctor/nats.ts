import { errors, type NatsConnection, type ServerInfo } from '@nats-io/transport-node';
import { connectTo, type NatsAccess } from '../cluster/engines/nats-connect.ts';
import { readNatsAuthorities, readNatsCredentials } from '../cluster/engines/nats-files.ts';
import type { ClusterConfig } from '../config/cluster.ts';
import type { ChopChopConfig } from '../config/config.ts';
import { natsPlace } from '../config/values/cluster.ts';
import { isLoopback } from '../kernel/loopback.ts';
import { type Finding, failure, ok, warning } from './finding.ts';

const CONFIGURE = 'use the configuration that "cluster print-nats-config" prints';
const HARMLESS = 'upgrade nats-server, or keep to the configuration that "cluster print-nats-config" prints, with which they do no harm';
/** The least that leaves room for a batch with its header. */
const LEAST_PAYLOAD = 64 * 1024;
const HEADER_BYTES = 4 * 1024;
/** A letter takes up to three bytes. */
const LETTER_BYTES = 3;
/** Bound of the way between two NATS servers; usually some milliseconds. */
const ROUTE_MS = 2_000;

/** Known weaknesses, with the first version without them. */
const WEAKNESSES: readonly (readonly [fixed: readonly [number, number, number], text: string])[] = [
  [[2, 9, 23], 'CVE-2023-47090: an "authorization" block without accounts of users may require no login'],
  [[2, 11, 16], 'with no_auth_user, its routes accept other servers without a login'],
];

/** A NATS server, as a member would find it. */
interface Visit {
  readonly url: string;
  /** Null: it cannot be reached, or refuses the login. */
  readonly connection: NatsConnection | null;
  /** Whether the login may not use the subjects of the cluster, so that its messages prove nothing. */
  readonly barred: boolean;
  readonly findings: readonly Finding[];
}

/** Checks the NATS servers of a cluster by connecting to each, with and without the login of the members. */
export async function checkNats(cluster: ClusterConfig, { linkBatchBytes }: Pick<ChopChopConfig['limits'], 'linkBatchBytes'>): Promise<Finding[]> {
  const { nats, credentialsFile, caFile, name } = cluster;
  const unreadable = checkFiles(cluster);
  if (unreadable !== null) return [unreadable];
  const access: NatsAccess = { servers: nats, credentialsFile, caFile, insecure: true, clientName: 'opensrf-chopchop doctor' };
  const least = Math.max(LEAST_PAYLOAD, LETTER_BYTES * linkBatchBytes + HEADER_BYTES);
  const visits = await Promise.all(nats.map((url) => visit(url, access, name, least)));
  const open = visits.flatMap(({ url, connection }) => (connection === null ? [] : [{ url, connection }]));
  const permitted = visits.every(({ barred }) => !barred);
  try {
    return [...visits.flatMap(({ findings }) => findings), ...(permitted ? await checkRoutes(open, name) : [])];
  } finally {
    await Promise.all(open.map(({ connection }) => connection.close()));
  }
}

function checkFiles({ credentialsFile, caFile }: ClusterConfig): Finding | null {
  try {
    if (credentialsFile !== '') readNatsCredentials(credentialsFile);
    if (caFile !== '') readNatsAuthorities(caFile);
    return null;
  } catch (error) {
    return failure((error as Error).message, 'correct --nats-credentials or --nats-ca');
  }
}

async function visit(url: string, access: NatsAccess, cluster: string, least: number): Promise<Visit> {
  let connection: NatsConnection;
  try {
    connection = await connectTo(url, access);
  } catch (error) {
    return {
      url,
      connection: null,
      barred: false,
      findings: [failure(`NATS: ${(error as Error).message}`, 'start that nats-server, or correct --nats, --nats-credentials and --nats-ca')],
    };
  }
  const info = connection.info as ServerInfo;
  const permissions = await checkPermissions(url, connection, cluster);
  const findings = [
    ok(`NATS: ${url} is nats-server ${info.version} and accepts the login`),
    ...(await checkAnonymous(url, access)),
    ...permissions,
    ...checkInfo(url, info, least),
  ];
  return { url, connection, barred: permissions.some(({ grade }) => grade === 'failure'), findings };
}

/** A program without a login must be refused. */
async function checkAnonymous(url: string, access: NatsAccess): Promise<Finding[]> {
  try {
    await (await connectTo(url, { ...access, credentialsFile: '' })).close();
  } catch {
    return [];
  }
  return [failure(`NATS: ${url} lets programs in without a login: they can act as this server`, `${CONFIGURE}, and --nats-credentials`)];
}

/** The login must be good for the subjects of the cluster, and for no others. */
async function checkPermissions(url: string, connection: NatsConnection, cluster: string): Promise<Finding[]> {
  const refused = new Set<string>();
  void followRefusals(connection, refused);
  for (const subject of [`cc.${cluster}.doctor`, 'chopchop.doctor']) {
    connection.publish(subject);
    connection.subscribe(subject, { callback: () => {} }).unsubscribe();
  }
  // The server's refusals come before its answer to this.
  await connection.flush();
  await connection.flush();
  const may = (verb: string, subject: string) => !refused.has(`${verb} ${subject}`);
  const verbs = ['publish', 'subscription'];
  const barred = verbs.filter((verb) => !may(verb, `cc.${cluster}.doctor`));
  const loose = verbs.filter((verb) => may(verb, 'chopchop.doctor'));
  const permissions = `permit the user to publish and to subscribe to cc.${cluster}.>, and nothing else; ${CONFIGURE}, or correct --cluster`;
  if (barred.length > 0) return [failure(`NATS: ${url} refuses this login the subjects of the cluster, cc.${cluster}.>`, permissions)];
  return loose.length > 0 ? [warning(`NATS: ${url} lets this login use subjects besides cc.${cluster}.>`, permissions)] : [];
}

async function followRefusals(connection: NatsConnection, refused: Set<string>): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === 'error' && status.error instanceof errors.PermissionViolationError) refused.add(`${status.error.operation} ${status.error.subject}`);
  }
}

function checkInfo(url: string, { version, max_payload: most, tls_required: tls }: ServerInfo, least: number): Finding[] {
  const weak = weaknessesOf(version);
  return [
    ...(most < least ? [failure(`NATS: ${url} has max_payload ${most}; messages between members need ${least}`, 'set max_payload: 1MB')] : []),
    ...(tls !== true && !isLoopback(natsPlace(url)?.host ?? '') ? [warning(`NATS: ${url} has no TLS`, CONFIGURE)] : []),
    ...(weak.length > 0 ? [warning(`NATS: ${url}, nats-server ${version}, has known weaknesses: ${weak.join('; ')}`, HARMLESS)] : []),
  ];
}

/** The known weaknesses of a version of nats-server. */
export function weaknessesOf(version: string): string[] {
  const numbers = version.split(/[.-]/).map(Number);
  const isBefore = (fixed: readonly number[]) => {
    const index = fixed.findIndex((part, place) => part !== numbers[place]);
    return index !== -1 && (numbers[index] ?? 0) < (fixed[index] as number);
  };
  return WEAKNESSES.filter(([fixed]) => isBefore(fixed)).map(([, text]) => text);
}

/** A message that is published at one server must arrive at each other one. */
async function checkRoutes(visits: readonly { readonly url: string; readonly connection: NatsConnection }[], cluster: string): Promise<Finding[]> {
  if (visits.length < 2) return [];
  const subject = `cc.${cluster}.doctor.${process.pid}`;
  const missing = new Set(visits.flatMap(({ url }) => visits.map((other) => `${other.url} ${url}`).filter((way) => way !== `${url} ${url}`)));
  const arrived = new Promise<void>((resolve) => {
    for (const { url, connection } of visits) {
      connection.subscribe(subject, {
        callback: (error, message) => {
          // Without the permission to subscribe; checkPermissions reports it.
          if (error !== null) return;
          missing.delete(`${message.string()} ${url}`);
          if (missing.size === 0) resolve();
        },
      });
    }
  });
  await Promise.all(visits.map(({ connection }) => connection.flush()));
  // A new subscription reaches the other servers a moment later.
  const publish = () => visits.forEach(({ url, connection }) => void connection.publish(subject, url));
  const again = setInterval(publish, 50);
  publish();
  let late: NodeJS.Timeout | undefined;
  await Promise.race([arrived, new Promise<void>((resolve) => (late = setTimeout(resolve, ROUTE_MS)))]);
  clearTimeout(late);
  clearInterval(again);
  return missing.size === 0
    ? [ok(`NATS: the ${visits.length} servers are connected to each other`)]
    : [...missing].map((way) => failure(`NATS: no message gets from ${way.replace(' ', ' to ')}`, `give each server the routes to all; ${CONFIGURE}`));
}
