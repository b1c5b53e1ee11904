import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { isLoopback } from '../kernel/loopback.ts';
import { portInUse } from '../process/port-holder.ts';
import type { PeerPlace } from './byte-transport.ts';

/** Where a listener listens. */
export interface BoundAddress {
  readonly host: string;
  readonly port: number;
}

/** Where a TCP socket's other end is. */
export function placeOf({ remoteAddress = '', remotePort = 0 }: Socket): PeerPlace {
  return { kind: 'tcp', peer: `${remoteAddress}:${remotePort}`, remote: !isLoopback(remoteAddress) };
}

/** A place could not be listened on. The message says which, why, and what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code: string;

  constructor(place: string, reason: string, cause: unknown = null) {
    super(`cannot listen on ${place}: ${reason}`, { cause });
    this.code = (cause as NodeJS.ErrnoException | null)?.code ?? '';
  }

  /** Of an address and a port. */
  static at(host: string, port: number, cause: NodeJS.ErrnoException): ListenError {
    return new ListenError(`${host}:${port}`, explain(port, cause), cause);
  }
}

/** How often another free port is tried when several addresses are to share one that is not free on all. */
const SHARED_PORT_TRIES = 10;

/** All of a site's programs may come back at once after a restart; the kernel takes as many as its net.core.somaxconn allows. */
const BACKLOG = 4096;

/**
 * Listens on every address, on all ports; a port 0 is any that is free on all of them.
 * @throws ListenError with nothing left open.
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

/** The address a listening server has. */
export function addressOf(server: Server): BoundAddress {
  const { address, port } = server.address() as AddressInfo;
  return { host: address, port };
}

async function listen(host: string, port: number, onSocket: (socket: Socket) => void): Promise<Server> {
  // OpenSRF's clients say `unregister`, `</stream:stream>` and close in one burst: what came before the end must still be read.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, onSocket);
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
      return 'this machine has no such address; see --host';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the name cannot be resolved; see --host';
    case 'EACCES':
      return 'not permitted; ports below 1024 need privileges, choose another (--port, --component-port)';
    default:
      return cause.message;
  }
}
