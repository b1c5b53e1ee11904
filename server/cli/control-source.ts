import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { ConnectionConfig } from '../config/sources/connection.ts';
import { ControlClient } from '../control/control-client.ts';
import { type ControlFile, type FoundControlFile, leftControlFiles, readControlFile } from '../control/control-file.ts';
import type { ServerReport } from '../control/server-report.ts';
import type { RouterReport } from '../control/services.ts';
import { SYSTEM_TIME } from '../kernel/clock.ts';
import { CommandError } from '../kernel/exit-codes.ts';
import { isOwnAddress } from '../kernel/loopback.ts';
import type { BoundAddress } from '../net/tcp.ts';

// Where commands learn of a running server: over its control interface, if it is one of ours on this machine; else as any OpenSRF program would.

/** What a server's control interface tells of it. */
export interface ControlReport {
  /** Where it was asked. */
  readonly at: string;
  /** How long the answer took. */
  readonly ms: number;
  /** Where it takes logins of clients. */
  readonly c2s: readonly BoundAddress[];
  readonly server: ServerReport;
  readonly routers: readonly RouterReport[];
}

/** Told over the control interface; or nothing was, and `note` says why if there should have been something. */
export type ControlAnswer = { readonly control: ControlReport } | { readonly control: null; readonly note: string };

/**
 * Asks the control interface of the server that a connection leads to.
 * @param file Named by the user: then this server is asked, or nobody.
 * @throws CommandError if the file was named and that does not succeed.
 */
export async function askControl(connection: ConnectionConfig, file: string | null, timeoutMs: number): Promise<ControlAnswer> {
  if (file !== null) return { control: await reportOf(readControlFile(file), timeoutMs) };
  const found = await controlFileOf(connection);
  if (found === null) return { control: null, note: '' };
  if (!found.alive) return { control: null, note: `${found.path} was left by a server that has ended, and is removed` };
  try {
    return { control: await reportOf(found.file, timeoutMs) };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { control: null, note: error.message };
  }
}

/** A router as its own server tells of it; null if that has none of this name, or another program has its place. */
export function ownRouter({ routers }: ControlReport, router: string): RouterReport | null {
  return routers.find((report) => report.router === router && !report.suspended) ?? null;
}

/** Says, beside a command's output, that what it tells comes from elsewhere than it might. */
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

/** The control file of the server here that a connection leads to; of several, that of one that runs. */
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
