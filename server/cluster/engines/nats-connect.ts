import {
  type Authenticator,
  type ConnectionOptions,
  connect,
  credsAuthenticator,
  errors,
  type NatsConnection,
  nkeyAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
import { isLoopback } from '../../kernel/loopback.ts';
import { readRegularFile } from '../../kernel/regular-file.ts';
import { EngineError } from '../link/engine.ts';

/** The servers of a cluster, and how to log in there. */
export interface NatsAccess {
  /** `nats://HOST:PORT` or `tls://HOST:PORT`. */
  readonly servers: readonly string[];
  /** A file with NATS credentials, an nkey seed, or `user:password`; `''`: none. */
  readonly credentialsFile: string;
  /** A file with certificates of authorities; `''`: those of Node. */
  readonly caFile: string;
  /** Allow `nats://` to other hosts. */
  readonly insecure: boolean;
  /** The name of the connection, for the server's log. */
  readonly clientName: string;
}

const CONNECT_MS = 2_000;
/** A server that answers no ping for two to three of these is left. */
const PING_MS = 1_000;
const UNANSWERED_PINGS = 2;

/** Refuses connections that anyone on the way could read and forge. @throws EngineError */
export function checkAccess({ servers, caFile, insecure }: NatsAccess): void {
  const exposed = servers.find((server) => server.startsWith('nats://') && caFile === '' && !isLoopback(hostOf(server)));
  if (exposed !== undefined && !insecure) throw new EngineError(`${exposed}: others could read and forge all messages: use tls://, or add --insecure`);
}

/** Connects to one server. @throws EngineError */
export async function connectTo(server: string, access: NatsAccess): Promise<NatsConnection> {
  const { caFile, clientName } = access;
  const options: ConnectionOptions = {
    servers: server.replace(/^\w+:\/\//, ''),
    name: clientName,
    authenticator: authenticatorOf(access),
    reconnect: false,
    noEcho: true,
    ignoreClusterUpdates: true,
    timeout: CONNECT_MS,
    pingInterval: PING_MS,
    maxPingOut: UNANSWERED_PINGS,
  };
  if (server.startsWith('tls://') || caFile !== '') options.tls = tlsOptions(server, caFile);
  try {
    return await connect(options);
  } catch (error) {
    throw new EngineError(`${server}: ${explain(error, access)}`, { cause: error });
  }
}

/** Node checks the certificate against `host` where no server name is sent, that is for an IP address. */
function tlsOptions(server: string, caFile: string): NonNullable<ConnectionOptions['tls']> {
  return { host: hostOf(server), ...(caFile === '' ? {} : { ca: readFile(caFile) }) } as NonNullable<ConnectionOptions['tls']>;
}

function authenticatorOf({ credentialsFile }: NatsAccess): Authenticator[] {
  if (credentialsFile === '') return [];
  const text = readFile(credentialsFile);
  const bytes = new TextEncoder().encode(text);
  if (text.includes('-----BEGIN NATS USER JWT-----')) return [credsAuthenticator(bytes)];
  const line = text.trim();
  if (/^SU[A-Z2-7]{56}$/.test(line)) return [nkeyAuthenticator(new TextEncoder().encode(line))];
  const colon = line.indexOf(':');
  if (colon < 1 || line.includes('\n')) throw new EngineError(`${credentialsFile}: it is no .creds file, no nkey seed of a user (SU…), and no user:password`);
  return [usernamePasswordAuthenticator(line.slice(0, colon), line.slice(colon + 1))];
}

function readFile(path: string): string {
  try {
    return readRegularFile(path);
  } catch (error) {
    throw new EngineError(`cannot read ${path}: ${(error as Error).message}`);
  }
}

function explain(error: unknown, { credentialsFile }: NatsAccess): string {
  if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError) {
    const what = credentialsFile === '' ? 'it wants credentials: name a file with --nats-credentials' : `it refuses the credentials in ${credentialsFile}`;
    return `${what} (${error.message})`;
  }
  if (error instanceof errors.TimeoutError) return `no answer within ${CONNECT_MS} ms`;
  // Node's certificate errors arrive as text.
  const { message } = error instanceof Error ? error : new Error(String(error ?? 'connection closed'));
  if (message.includes("server does not support 'tls'")) return 'it has no TLS: set tls in its configuration, or use nats://';
  return message;
}

function hostOf(server: string): string {
  return new URL(server).hostname.replace(/^\[|\]$/g, '');
}
