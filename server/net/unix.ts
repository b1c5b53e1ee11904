import { once } from 'node:events';
import { accessSync, constants, existsSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { PeerPlace } from './byte-transport.ts';
import { ListenError } from './tcp.ts';

/** sockaddr_un has room for 108 bytes on Linux (104 elsewhere), the last of them 0. */
const MAX_PATH_BYTES = 103;

/** A Unix domain socket has no address for its other end. */
export function unixPlace(path: string): PeerPlace {
  return { kind: 'unix', peer: `unix:${path}`, remote: false };
}

/**
 * Listens on a Unix domain socket. One that a dead server has left is replaced; nothing else ever is.
 * @param mode Its permissions, from its first moment on.
 * @throws ListenError
 */
export async function listenOnUnix(path: string, mode: number, onSocket: (socket: Socket) => void): Promise<Server> {
  checkUnixPath(path);
  try {
    await removeStale(path);
  } catch (error) {
    throw error instanceof ListenError ? error : new ListenError(path, explain(error as NodeJS.ErrnoException), error);
  }
  const server = createServer({ allowHalfOpen: true }, onSocket);
  bindWithMode(server, path, mode);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new ListenError(path, explain(error as NodeJS.ErrnoException), error);
  }
  return server;
}

/** Checks, without listening, that a socket can be at a path. @throws ListenError */
export function checkUnixPath(path: string): void {
  // libuv takes a missing folder for a forbidden one.
  if (!existsSync(dirname(path))) throw new ListenError(path, 'there is no such folder');
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw new ListenError(path, `the path of a socket has at most ${MAX_PATH_BYTES} bytes`);
  try {
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there?.isSocket() === false) throw new ListenError(path, 'there is something that is no socket; it stays as it is');
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw error instanceof ListenError ? error : new ListenError(path, explain(error as NodeJS.ErrnoException), error);
  }
}

/** Begins to listen on a socket that has its permissions from its first moment on. What goes wrong is told by an event. */
export function bindWithMode(server: Server, path: string, mode: number): void {
  // It is bound within the call, so nobody else sees the mask.
  const mask = process.umask(0o777 & ~mode);
  try {
    server.listen(path);
  } finally {
    process.umask(mask);
  }
}

async function removeStale(path: string): Promise<void> {
  if (!existsSync(path)) return;
  const refusal = await knock(path);
  if (refusal === '') throw new ListenError(path, 'another program listens there; stop it, or choose another path with --unix');
  if (refusal !== 'ECONNREFUSED') throw new ListenError(path, `cannot tell whether another program listens there: ${refusal}`);
  unlinkSync(path);
}

/** @returns why nobody opens; `''` if somebody does. */
async function knock(path: string): Promise<string> {
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
      return 'its folder is none';
    case 'EACCES':
    case 'EPERM':
      return 'not permitted in that folder';
    default:
      return message;
  }
}
