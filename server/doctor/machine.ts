import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { domainAddresses } from '../net/hosts-file.ts';
import { PROCESS_TITLE, ROUTER_TITLE } from '../process/pid-file.ts';
import { type Finding, failure, ok, warning } from './finding.ts';

const OLDEST_NODE = [20, 19];
/** A name server that does not answer is not waited for. */
const LOOKUP_TIMEOUT_MS = 2_000;

/** The Node this runs on. */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE as [number, number];
  const fits = major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
  return fits ? ok(`Node ${version}`) : failure(`Node ${version} is too old`, `install Node ${OLDEST_NODE.join('.')} or later`);
}

/** Threads and transaction ids of OpenSRF are made from the time. */
export function checkClock(now: Date): Finding {
  const year = now.getUTCFullYear();
  return year >= 2024
    ? ok(`the clock says ${now.toISOString()}`)
    : failure(`the clock says ${now.toISOString()}`, 'set the clock: date --set or an NTP client');
}

/** Whether the programs of a domain find this machine: they connect to the host that the domain names, by IPv4. */
export async function checkName(domain: string, hostsFile?: string): Promise<Finding> {
  const { hosts, missing } = domainAddresses([domain], hostsFile);
  if (missing.length === 0) return ok(`${domain} is ${hosts.join(', ')} by /etc/hosts`);
  const address = await resolved(domain);
  if (address?.startsWith('127.') === true) return ok(`${domain} is ${address}`);
  const remedy = `echo '127.0.0.1 ${domain}' >> /etc/hosts`;
  if (address === null) return failure(`${domain} has no IPv4 address: OpenSRF's programs cannot connect`, remedy);
  return warning(`${domain} is ${address}, no address of this machine's loopback`, `${remedy}, or listen there: --host ${address}`);
}

async function resolved(domain: string): Promise<string | null> {
  const timeout = new Promise<null>((resolve) => setTimeout(resolve, LOOKUP_TIMEOUT_MS, null).unref());
  const answer = lookup(domain, { family: 4 }).then(
    ({ address }) => address,
    () => null,
  );
  return Promise.race([answer, timeout]);
}

/** Whether an address is free to listen on; if not, who has it. */
export async function checkPort(host: string, port: number): Promise<Finding> {
  const server = createServer().listen({ host, port });
  try {
    await once(server, 'listening');
    server.close();
    return ok(`${host}:${port} is free`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE') return failure(`${host}:${port} cannot be listened on: ${message}`, 'see --host and --port');
    return inUse(host, port, holderOf(port));
  }
}

function inUse(host: string, port: number, holder: { pid: number; command: string } | null): Finding {
  if (holder === null) return failure(`${host}:${port} is in use by a program of another user`, `find it: sudo ss -ltnp 'sport = :${port}'`);
  // By their titles: a path may have our name in it for other reasons.
  if ([PROCESS_TITLE, ROUTER_TITLE].includes(holder.command)) return ok(`${host}:${port} is served by opensrf-chopchop (pid ${holder.pid})`);
  return failure(`${host}:${port} is in use by pid ${holder.pid}: ${holder.command}`, `stop it (kill ${holder.pid}), or choose another port`);
}

const LISTEN = '0A';

/** Who listens on a port, by proc(5); null where that cannot be seen. */
function holderOf(port: number): { pid: number; command: string } | null {
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeningInodes(read(table), port)));
  for (const pid of list('/proc').filter((name) => /^\d+$/.test(name))) {
    const sockets = list(`/proc/${pid}/fd`).map((descriptor) => linkOf(`/proc/${pid}/fd/${descriptor}`));
    if (!sockets.some((link) => inodes.has(link))) continue;
    return { pid: Number(pid), command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() };
  }
  return null;
}

function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/));
  return rows.filter(([, local, , state]) => local?.endsWith(suffix) === true && state === LISTEN).map((row) => `socket:[${row[9]}]`);
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
