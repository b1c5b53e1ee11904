import { once } from 'node:events';
import { createServer } from 'node:net';
import { PROCESS_TITLE, ROUTER_TITLE } from '../process/pid-file.ts';
import { type PortHolder, portHolder, systemService } from '../process/port-holder.ts';
import { type Finding, failure, ok } from './finding.ts';

/** The finding for an address, and whether our own server listens there. */
export interface PortFinding extends Finding {
  /** Our server's process ID; null: it does not listen there. */
  readonly server: number | null;
}

/** Whether an address is free; if not, the program that holds it. @param purpose The protocol, if it is not client XMPP. */
export async function checkPort(host: string, port: number, purpose = ''): Promise<PortFinding> {
  const place = `${host}:${port}${purpose === '' ? '' : ` (${purpose})`}`;
  const server = createServer().listen({ host, port });
  try {
    await once(server, 'listening');
    server.close();
    return { ...ok(`${place} is free`), server: null };
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') return inUse(place, port, portHolder(port));
    return { ...failure(`${place} : cannot listen: ${message}`, REMEDIES[code] ?? 'choose another host or port'), server: null };
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: 'choose a port above 1023: --port 5222',
  EADDRNOTAVAIL: 'choose an address of this machine: --host 127.0.0.1',
};

function inUse(place: string, port: number, holder: PortHolder): PortFinding {
  const { pid, command, user } = holder;
  // Compare titles: a path may contain our name for other reasons.
  if ([PROCESS_TITLE, ROUTER_TITLE].includes(command)) return { ...ok(`${place} is served by opensrf-chopchop (pid ${pid})`), server: pid };
  const by = pid === 0 ? `a program of user ${user}` : `pid ${pid} of user ${user}: ${command}`;
  return { ...failure(`${place} is in use by ${by}`, remedyFor(port, holder)), server: null };
}

function remedyFor(port: number, holder: PortHolder): string {
  const { pid } = holder;
  const service = systemService(holder);
  if (service !== '') return `sudo systemctl stop ${service}`;
  return pid === 0 ? `find it: sudo ss -ltnp 'sport = :${port}'` : `stop it (kill ${pid}), or choose another port`;
}
