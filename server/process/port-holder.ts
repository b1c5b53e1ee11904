import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { ROUTER_TITLE } from './pid-file.ts';

/** The process that listens on a port. */
export interface PortHolder {
  /** 0 if it is unknown: the process belongs to another user, or there is no /proc. */
  readonly pid: number;
  readonly command: string;
  /** `''` if it is unknown. */
  readonly user: string;
}

/** Jabber servers that a distribution starts by itself. */
const SYSTEM_SERVICES: readonly (readonly [program: RegExp, service: string])[] = [
  [/ejabberd|beam\.smp/, 'ejabberd'],
  [/prosody/, 'prosody'],
];

/** The Jabber server of a distribution behind a port; `''` if it is none. */
export function systemService({ command, user }: PortHolder): string {
  return SYSTEM_SERVICES.find(([program]) => program.test(`${command} ${user}`))?.[1] ?? '';
}

/** Says which process has a port: `port 5222 is in use by PID 4143 (ejabberd)`. */
export function portInUse(port: number): string {
  const holder = portHolder(port);
  const { pid, command, user } = holder;
  if (pid !== 0) return `port ${port} is in use by PID ${pid} (${systemService(holder) || programOf(command)})`;
  return `port ${port} is in use by ${user === '' ? 'another program' : `a program of user ${user}`}`;
}

/** The program of a command line, without its arguments, which may contain passwords. */
function programOf(command: string): string {
  return command.startsWith(ROUTER_TITLE) ? ROUTER_TITLE : basename(command.split(' ', 1)[0] as string);
}

const LISTEN = '0A';

/** The process that listens on a port, if proc(5) shows it. */
export function portHolder(port: number): PortHolder {
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listening(read(table), port));
  const inodes = new Set(sockets.map(({ inode }) => inode));
  const user = userName(sockets[0]?.uid ?? '');
  for (const pid of list('/proc').filter((name) => /^\d+$/.test(name))) {
    const descriptors = list(`/proc/${pid}/fd`).map((descriptor) => linkOf(`/proc/${pid}/fd/${descriptor}`));
    if (!descriptors.some((link) => inodes.has(link))) continue;
    return { pid: Number(pid), command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim(), user };
  }
  return { pid: 0, command: '', user };
}

function listening(table: string, port: number): { inode: string; uid: string }[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/));
  const found = rows.filter(([, local, , state]) => local?.endsWith(suffix) === true && state === LISTEN);
  return found.map((row) => ({ inode: `socket:[${row[9]}]`, uid: row[7] ?? '' }));
}

/** By passwd(5); a user that only another directory knows stays a number. */
function userName(uid: string): string {
  const users = read('/etc/passwd').split('\n');
  return users.map((line) => line.split(':')).find((fields) => fields[2] === uid)?.[0] ?? uid;
}

function read(path: string): string {
  return attempt(() => readFileSync(path, 'latin1'), '');
}

function list(path: string): string[] {
  return attempt(() => readdirSync(path), []);
}

function linkOf(path: string): string {
  return attempt(() => readlinkSync(path), '');
}

// Processes may end meanwhile, and other users' processes are not readable.
function attempt<T>(action: () => T, otherwise: T): T {
  try {
    return action();
  } catch {
    return otherwise;
  }
}
