import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { PROCESS_TITLE, ROUTER_TITLE } from '../process/pid-file.ts';
import { type Finding, failure, ok } from './finding.ts';

/** What is to be said of an address, and whether our own server listens there. */
export interface PortFinding extends Finding {
  /** The process id of ours; null if it is not there. */
  readonly server: number | null;
}

/** Who listens on a port, as far as it can be seen. */
interface Holder {
  /** 0 if it belongs to another user, whose processes may not be looked at. */
  readonly pid: number;
  readonly command: string;
  readonly user: string;
}

/** Whether an address is free to listen on; if not, who has it. @param purpose What is to be spoken there, if it is not what everybody speaks. */
export async function checkPort(host: string, port: number, purpose = ''): Promise<PortFinding> {
  const place = `${host}:${port}${purpose === '' ? '' : ` (${purpose})`}`;
  const server = createServer().listen({ host, port });
  try {
    await once(server, 'listening');
    server.close();
    return { ...ok(`${place} is free`), server: null };
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') return inUse(place, port, holderOf(port));
    return { ...failure(`${place} cannot be listened on: ${message}`, REMEDIES[code] ?? 'choose another host or port'), server: null };
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: 'choose a port from 1024 on: --port 5222',
  EADDRNOTAVAIL: 'choose an address of this machine: --host 127.0.0.1',
};

/** Jabber servers that a distribution starts by itself. */
const SYSTEM_SERVICES: readonly (readonly [program: RegExp, service: string])[] = [
  [/ejabberd|beam\.smp/, 'ejabberd'],
  [/prosody/, 'prosody'],
];

function inUse(place: string, port: number, holder: Holder): PortFinding {
  const { pid, command, user } = holder;
  // By their titles: a path may have our name in it for other reasons.
  if ([PROCESS_TITLE, ROUTER_TITLE].includes(command)) return { ...ok(`${place} is served by opensrf-chopchop (pid ${pid})`), server: pid };
  const by = pid === 0 ? `a program of user ${user}` : `pid ${pid} of user ${user}: ${command}`;
  return { ...failure(`${place} is in use by ${by}`, remedyFor(port, holder)), server: null };
}

function remedyFor(port: number, { pid, command, user }: Holder): string {
  const service = SYSTEM_SERVICES.find(([program]) => program.test(`${command} ${user}`))?.[1];
  if (service !== undefined) return `sudo systemctl stop ${service}`;
  return pid === 0 ? `find it: sudo ss -ltnp 'sport = :${port}'` : `stop it (kill ${pid}), or choose another port`;
}

const LISTEN = '0A';

/** By proc(5). */
function holderOf(port: number): Holder {
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

/** By passwd(5): whoever is known only elsewhere stays a number. */
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

// Processes come and go while one looks, and others' may not be looked at.
function attempt<T>(action: () => T, otherwise: T): T {
  try {
    return action();
  } catch {
    return otherwise;
  }
}
