import { createHmac } from 'node:crypto';
import type { NatsPlace } from '../../config/values/cluster.ts';

/** The values of the configurations of a cluster's NATS servers. */
export interface NatsConfigValues {
  /** The name of the cluster. */
  readonly cluster: string;
  /** All servers. */
  readonly places: readonly NatsPlace[];
  /** The login of the members: a public key, or a user and a password. */
  readonly login: { readonly nkey: string } | { readonly user: string; readonly password: string };
  /** Known to the members only; the password between the NATS servers derives from it. */
  readonly secret: string;
  /** PEM files of each server. */
  readonly files: { readonly certificate: string; readonly key: string; readonly authorities: string };
}

/** The port for the other NATS servers is so much higher than that for clients: 6222 beside 4222. */
const ROUTE_PORTS = 2_000;

/** The configuration of one nats-server. @param number Its number among the servers, from 1. */
export function natsConfig({ cluster, places, login, secret, files }: NatsConfigValues, number: number): string {
  const { tls, host, port } = places[number - 1] as NatsPlace;
  const permissions = `permissions: { publish: "cc.${cluster}.>", subscribe: "cc.${cluster}.>" }`;
  const lines = [
    `# nats-server ${number} of ${places.length} for the cluster ${cluster} of opensrf-chopchop.`,
    '# It contains secrets: let only the user of nats-server read it.',
    `server_name: "${cluster}-${number}"`,
    `listen: "${address(host, port)}"`,
    'max_payload: 1MB',
    '# Notice in two seconds that a member or another server is gone.',
    'ping_interval: "1s"',
    'ping_max: 2',
    'write_deadline: "2s"',
    ...(tls ? [tlsBlock(files, false)] : []),
    '# Never add no_auth_user: it lets programs without a login in.',
    'accounts {',
    `  CHOPCHOP { users: [ { ${loginOf(login)}, ${permissions} } ] }`,
    '}',
    ...(places.length === 1 ? [] : routes({ cluster, places, secret, files }, number)),
  ];
  return `${lines.join('\n')}\n`;
}

function routes({ cluster, places, secret, files }: Omit<NatsConfigValues, 'login'>, number: number): string[] {
  const { tls, host, port } = places[number - 1] as NatsPlace;
  const password = createHmac('sha256', secret).update(`routes of ${cluster}`).digest('base64url');
  const urls = places.map((place) => `    "nats://routes:${password}@${address(place.host, place.port + ROUTE_PORTS)}"`);
  return [
    'cluster {',
    `  name: "${cluster}"`,
    `  listen: "${address(host, port + ROUTE_PORTS)}"`,
    `  authorization { user: "routes", password: "${password}", timeout: 2 }`,
    ...(tls ? [`  ${tlsBlock(files, true)}`] : []),
    '  routes: [',
    ...urls,
    '  ]',
    '}',
  ];
}

function address(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** @param mutual Whether the other side needs a certificate too. */
function tlsBlock({ certificate, key, authorities }: NatsConfigValues['files'], mutual: boolean): string {
  const verified = mutual ? `, ca_file: "${authorities}", verify: true` : '';
  return `tls { cert_file: "${certificate}", key_file: "${key}"${verified}, timeout: 2 }`;
}

function loginOf(login: NatsConfigValues['login']): string {
  return 'nkey' in login ? `nkey: "${login.nkey}"` : `user: ${quoted(login.user)}, password: ${quoted(login.password)}`;
}

/** nats-server knows the escapes of JSON that can occur here. */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
