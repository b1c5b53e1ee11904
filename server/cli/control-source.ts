import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { ConnectionConfig } from '../config/sources/connection.ts';
import { ControlClient } from '../control/control-client.ts';
import { type ControlFile, type FoundControlFile, findControlFile, leftControlFiles, readControlFile } from '../control/control-file.ts';
import type { ServerReport } from '../control/server-report.ts';
import type { RouterReport } from '../control/services.ts';
import { SYSTEM_TIME } from '../kernel/clock.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { isOwnAddress } from '../kernel/loopback.ts';
import type { BoundAddress } from '../net/tcp.ts';
import { connectionOf } from './client-command.ts';

// How commands query a running server: over its control interface, if it is one of ours on this machine; otherwise over Jabber, like any OpenSRF program.

/** The report of a server's control interface. */
export interface ControlReport {
  /** The address of the control interface. */
  readonly at: string;
  /** The time to the answer. */
  readonly ms: number;
  /** The addresses for client logins. */
  readonly c2s: readonly BoundAddress[];
  readonly server: ServerReport;
  readonly routers: readonly RouterReport[];
}

/** The report; or null, with a note if a control interface was expected. */
export type ControlAnswer = { readonly control: ControlReport } | { readonly control: null; readonly note: string };

/**
 * Queries the control interface of the server at a connection's address.
 * @param file The control file that the user named; null: use Jabber as a fallback.
 * @throws CommandError if that file does not lead to a server.
 */
export async function askControl(connection: ConnectionConfig, file: string | null, timeoutMs: number): Promise<ControlAnswer> {
  if (file !== null) return { control: await reportOf(readControlFile(file), timeoutMs) };
  const found = await controlFileOf(connection);
  if (found === null) return { control: null, note: '' };
  if (!found.alive) return { control: null, note: `${found.path} is a leftover of a server that has ended; removed` };
  try {
    return { control: await reportOf(found.file, timeoutMs) };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { control: null, note: error.message };
  }
}

/** The report of a router; null if the server has none of this name, or an external router has replaced it. */
export function ownRouter({ routers }: ControlReport, router: string): RouterReport | null {
  return routers.find((report) => report.router === router && !report.suspended) ?? null;
}

/** Notes on standard error that the output comes from Jabber, not from the control interface. */
export function printNote(note: string): void {
  if (note !== '') process.stderr.write(`opensrf-chopchop: asked over Jabber: ${note}\n`);
}

async function reportOf(file: ControlFile, timeoutMs: number): Promise<ControlReport> {
  const client = new ControlClient(file);
  const begin = SYSTEM_TIME.now();
  const server = (await client.get('/api/v1/server', timeoutMs)) as ServerReport;
  const ms = SYSTEM_TIME.now() - begin;
  const { routers } = (await client.get('/api/v1/routers', timeoutMs)) as { readonly routers: RouterReport[] };
  return { at: client.place, ms, c2s: file.c2s, server, routers };
}

/** The control file of the server at a connection's address; of several, a running server's. */
export async function controlFileOf({ host, port }: Pick<ConnectionConfig, 'host' | 'port'>): Promise<FoundControlFile | null> {
  const left = leftControlFiles();
  if (left.length === 0) return null;
  const addresses = await addressesOf(host);
  const matching = left.filter(({ file }) => file.c2s.some((bound) => bound.port === port && addresses.some((address) => leadsTo(address, bound))));
  return matching.find(({ alive }) => alive) ?? matching[0] ?? null;
}

async function addressesOf(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}

function leadsTo(address: string, { host }: BoundAddress): boolean {
  return address === host || ((host === '0.0.0.0' || host === '::') && isOwnAddress(address));
}

/** Which running server a command means. */
export interface ChosenServer {
  readonly controlFile: string | null;
  readonly config: string | null;
  readonly host: string | null;
  readonly port: number | null;
}

/** The control file of the server that is meant: the one that is named, the one at an address, or the only one here. @throws CommandError */
export async function chosenControlFile({ controlFile, config, host, port }: ChosenServer): Promise<ControlFile> {
  if (controlFile !== null || (config === null && host === null && port === null)) return findControlFile(controlFile);
  const connection = connectionOf({ config, host, port, domain: null, username: null, password: null, router: null });
  const found = await controlFileOf(connection);
  if (found?.alive === true) return found.file;
  const at = `${connection.host}:${connection.port}`;
  throw new CommandError(EXIT.network, `no server with a control interface runs here at ${at}; start one with --console or --control-socket`);
}
