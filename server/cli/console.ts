import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ValuesOf } from '../config/setting.ts';
import { ControlClient } from '../control/control-client.ts';
import type { ControlFile } from '../control/control-file.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { writeFileAtomically } from '../kernel/files.ts';
import type { CONSOLE_OPTIONS } from './client-options.ts';
import { chosenControlFile } from './control-source.ts';

/** The arguments of `console`. */
export type ConsoleArguments = ValuesOf<typeof CONSOLE_OPTIONS>;

const ASK_MS = 5_000;
/** The time in which a browser reads the page that leads it to the console. */
const READ_MS = 10_000;

/** Prints the address of the console of a running server. For a server with a Unix socket only, it opens a port and passes calls on until it is stopped. @throws CommandError */
export async function consoleAddress(args: ConsoleArguments, print: (line: string) => void): Promise<void> {
  const file = await chosenControlFile(args);
  // The file of a server that does not answer leads nowhere.
  await new ControlClient(file).get('/api/v1/server', ASK_MS);
  const passed = file.url === null ? await passOn(file) : null;
  const address = `${file.url ?? passed}/#token=${file.token}`;
  print(address);
  if (args.open) await open(address);
  if (passed !== null) process.stderr.write('opensrf-chopchop: passes calls on to the socket of the server; Ctrl-C ends it\n');
}

/** @returns the address of a port of this process that leads to the socket. The server itself checks token, Host and Origin. */
async function passOn({ socket: path }: ControlFile): Promise<string> {
  const server = createServer((from) => joined(from, connect(path ?? '')));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function joined(one: Socket, other: Socket): void {
  one.pipe(other).pipe(one);
  for (const [socket, peer] of [
    [one, other],
    [other, one],
  ] as const) {
    socket.on('error', () => peer.destroy());
    socket.on('close', () => peer.destroy());
  }
}

/** Opens the address in a browser. Everybody can see the arguments of a program, so the browser gets the token from a page that only this user can read. @throws CommandError */
async function open(address: string): Promise<void> {
  const page = join(tmpdir(), `opensrf-chopchop-console-${process.pid}.html`);
  writeFileAtomically(page, `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${address}"><title>Console</title>\n`, 0o600);
  try {
    await started(process.platform === 'darwin' ? 'open' : 'xdg-open', page);
    await wait(READ_MS);
  } finally {
    rmSync(page, { force: true });
  }
}

async function started(program: string, argument: string): Promise<void> {
  const child = spawn(program, [argument], { stdio: 'ignore', detached: true });
  const [event] = await Promise.race([once(child, 'spawn').then(() => ['']), once(child, 'error')]);
  if (event !== '') throw new CommandError(EXIT.failed, `cannot start ${program}; open the printed address yourself`);
  child.unref();
}
