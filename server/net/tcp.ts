import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { isLoopback } from '../kernel/loopback.ts';
import { portInUse } from '../process/port-holder.ts';
import type { PeerPlace } from './byte-transport.ts';

/** An address of a listening server. */
export interface BoundAddress {
  readonly host: string;
  readonly port: number;
}

/** The location of a TCP socket's peer. */
export function placeOf({ remoteAddress = '', remotePort = 0 }: Socket): PeerPlace {
  return { kind: 'tcp', peer: `${remoteAddress}:${remotePort}`, remote: !isLoopback(remoteAddress) };
}

/** The server cannot listen on an address or path. The message has the place, the reason and a remedy. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code: string;

  constructor(place: string, reason: string, cause: unknown = null) {
    super(`cannot listen on ${place}: ${reason}`, { cause });
    this.code = (cause as NodeJS.ErrnoException | null)?.code ?? '';
  }

  /** Makes the error for an address and a port. */
  static at(host: string, port: number, cause: NodeJS.ErrnoException): ListenError {
    return new ListenError(`${host}:${port}`, explain(port, cause), cause);
  }
}

/** The attempts to find a port that is free on all of several addresses. */
const SHARED_PORT_TRIES = 10;

/** After a restart all programs of a site may connect at once; the kernel's net.core.somaxconn is the bound. */
export const BACKLOG = 4096;

/**
 * Listens on all ports of every address; port 0 means any port that is free on all of them.
 * @throws ListenError, leaving nothing open.
 */
export async function listenOnAll(hosts: readonly string[], ports: readonly number[], onSocket: (socket: Socket) => void): Promise<Server[]> {
  const all: Server[] = [];
  try {
    for (const port of ports) all.push(...(await listenOnHosts(hosts, port, onSocket)));
    return all;
  } catch (error) {
    for (const server of all) server.close();
    throw error;
  }
}

async function listenOnHosts(hosts: readonly string[], port: number, onSocket: (socket: Socket) => void): Promise<Server[]> {
  for (let triesLeft = SHARED_PORT_TRIES - 1; ; triesLeft--) {
    const servers: Server[] = [];
    const error = await tryListenOnHosts(servers, hosts, port, onSocket);
    if (error === null) return servers;
    for (const server of servers) server.close();
    if (triesLeft === 0 || !anotherPortMayDo(port, servers, error)) throw error;
  }
}

async function tryListenOnHosts(servers: Server[], hosts: readonly string[], port: number, onSocket: (socket: Socket) => void): Promise<unknown> {
  try {
    for (const host of hosts) servers.push(await listen(host, servers[0] === undefined ? port : addressOf(servers[0]).port, onSocket));
    return null;
  } catch (error) {
    return error;
  }
}

function anotherPortMayDo(port: number, opened: readonly Server[], error: unknown): boolean {
  return port === 0 && opened.length > 0 && error instanceof ListenError && error.code === 'EADDRINUSE';
}

/** The address of a listening server. */
export function addressOf(server: Server): BoundAddress {
  const { address, port } = server.address() as AddressInfo;
  return { host: address, port };
}

/** A server that does not listen yet. */
export function tcpServer(onSocket: (socket: Socket) => void): Server {
  // OpenSRF's clients send `unregister` and `</stream:stream>` and close in one burst: the server must still read the input before the end.
  return createServer({ allowHalfOpen: true, noDelay: true }, onSocket);
}

async function listen(host: string, port: number, onSocket: (socket: Socket) => void): Promise<Server> {
  const server = tcpServer(onSocket);
  server.listen({ host, port, backlog: BACKLOG });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw ListenError.at(host, port, error as NodeJS.ErrnoException);
  }
  return server;
}

function explain(port: number, cause: NodeJS.ErrnoException): string {
  switch (cause.code) {
    case 'EADDRINUSE':
      return `${portInUse(port)}; stop it, or choose another (--port, --component-port; 0: any free one)`;
    case 'EADDRNOTAVAIL':
      return 'the address does not belong to this machine; see --host';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the name cannot be resolved; see --host';
    case 'EACCES':
      return 'permission denied; ports below 1024 need privileges, choose another (--port, --component-port)';
    default:
      return cause.message;
  }
}
