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
import { CommandError } from '../../kernel/exit-codes.ts';
import { isLoopback } from '../../kernel/loopback.ts';
import { EngineError } from '../link/engine.ts';
import { readNatsAuthorities, readNatsCredentials } from './nats-files.ts';

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

/** Reads the files once, before any server is tried. @throws CommandError that names the option */
export function checkFiles({ credentialsFile, caFile }: NatsAccess): void {
  checkFile('--nats-credentials', credentialsFile, readNatsCredentials);
  checkFile('--nats-ca', caFile, readNatsAuthorities);
}

function checkFile(option: string, file: string, read: (file: string) => unknown): void {
  try {
    if (file !== '') read(file);
  } catch (error) {
    throw error instanceof CommandError ? new CommandError(error.exitCode, `${option}: ${error.message}`) : error;
  }
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
  return { host: hostOf(server), ...(caFile === '' ? {} : { ca: readNatsAuthorities(caFile) }) } as NonNullable<ConnectionOptions['tls']>;
}

function authenticatorOf({ credentialsFile }: NatsAccess): Authenticator[] {
  if (credentialsFile === '') return [];
  const { kind, text } = readNatsCredentials(credentialsFile);
  switch (kind) {
    case 'creds':
      return [credsAuthenticator(new TextEncoder().encode(text))];
    case 'seed':
      return [nkeyAuthenticator(new TextEncoder().encode(text))];
    case 'user': {
      const colon = text.indexOf(':');
      return [usernamePasswordAuthenticator(text.slice(0, colon), text.slice(colon + 1))];
    }
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

/** Names servers with the same reason together. @param refusals The message of {@link connectTo} for each server. */
export function joinRefusals(servers: readonly string[], refusals: readonly string[]): string {
  const serversOf = new Map<string, string[]>();
  for (const [index, server] of servers.entries()) {
    const reason = (refusals[index] ?? '').slice(`${server}: `.length);
    serversOf.set(reason, [...(serversOf.get(reason) ?? []), server]);
  }
  return Array.from(serversOf, ([reason, same]) => `${same.join(', ')}: ${reason}`).join('; ');
}
