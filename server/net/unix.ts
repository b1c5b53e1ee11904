import { once } from 'node:events';
import { accessSync, constants, existsSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { PeerPlace } from './byte-transport.ts';
import { ListenError } from './tcp.ts';

/** sockaddr_un has room for 108 bytes on Linux (104 elsewhere), the last of them 0. */
const MAX_PATH_BYTES = 103;

/** The location of a Unix domain socket's peer, which has no address. */
export function unixPlace(path: string): PeerPlace {
  return { kind: 'unix', peer: `unix:${path}`, remote: false };
}

/**
 * Listens on a Unix domain socket. It replaces only the stale socket of a dead server.
 * @param mode Its permissions, from the first moment.
 * @throws ListenError
 */
export async function listenOnUnix(path: string, mode: number, onSocket: (socket: Socket) => void): Promise<Server> {
  checkUnixPath(path);
  try {
    await removeStale(path);
  } catch (error) {
    throw error instanceof ListenError ? error : new ListenError(path, explain(error as NodeJS.ErrnoException), error);
  }
  const server = unixServer(onSocket);
  bindWithMode(server, path, mode);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new ListenError(path, explain(error as NodeJS.ErrnoException), error);
  }
  return server;
}

/** A server that does not listen yet. */
export function unixServer(onSocket: (socket: Socket) => void): Server {
  return createServer({ allowHalfOpen: true }, onSocket);
}

/** Checks a path for a socket, without listening. @throws ListenError */
export function checkUnixPath(path: string): void {
  // libuv reports a missing folder as forbidden.
  if (!existsSync(dirname(path))) throw new ListenError(path, 'the folder does not exist');
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw new ListenError(path, `the path is longer than ${MAX_PATH_BYTES} bytes`);
  try {
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there?.isSocket() === false) throw new ListenError(path, 'the path exists and is not a socket');
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw error instanceof ListenError ? error : new ListenError(path, explain(error as NodeJS.ErrnoException), error);
  }
}

/** Listens on a socket with its permissions from the first moment. Errors are events. */
export function bindWithMode(server: Server, path: string, mode: number): void {
  // The socket is bound during the call, so the mask affects nothing else.
  const mask = process.umask(0o777 & ~mode);
  try {
    server.listen(path);
  } finally {
    process.umask(mask);
  }
}

async function removeStale(path: string): Promise<void> {
  if (!existsSync(path)) return;
  const refusal = await probe(path);
  if (refusal === '') throw new ListenError(path, 'it is in use by another program; stop it, or choose another path with --unix');
  if (refusal !== 'ECONNREFUSED') throw new ListenError(path, `cannot find out whether it is in use: ${refusal}`);
  unlinkSync(path);
}

/** Tries to connect. @returns the error code, or `''` if the connection succeeds. */
async function probe(path: string): Promise<string> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return '';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  } finally {
    socket.destroy();
  }
}

function explain({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOTDIR':
      return 'a part of the path is not a folder';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied in that folder';
    default:
      return message;
  }
}
