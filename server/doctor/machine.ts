import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { addressesByName, addressLiteral, type Surroundings } from '../config/sources/hosts-file.ts';
import { hasIpv4Loopback, isOwnAddress } from '../kernel/loopback.ts';
import { nodeProblem } from '../kernel/start-program.ts';
import { type Finding, failure, ok, warning } from './finding.ts';

/** The time limit of a name lookup. */
const LOOKUP_TIMEOUT_MS = 2_000;

/** The running version of Node. */
export function checkNode(version: string): Finding {
  const problem = nodeProblem(version.replace(/^v/, ''));
  return problem === '' ? ok(`Node ${version}`) : failure(`the server ${problem}`, 'install a later Node');
}

/**
 * Checks the clock: OpenSRF makes threads and transaction ids from the time.
 * @param written The latest modification time of the site's files; the epoch without a file.
 */
export function checkClock(now: Date, written = new Date(0)): Finding {
  const set = 'set the clock: date --set, or an NTP client';
  if (now.getUTCFullYear() < 2024) return failure(`the clock says ${now.toISOString()}`, set);
  if (written > now) return failure(`the clock says ${now.toISOString()}, but the site's files were written at ${written.toISOString()}`, set);
  return ok(`the clock says ${now.toISOString()}`);
}

/**
 * Checks that the programs of a domain reach this machine: they connect by IPv4 to the host named by the domain.
 * @param hosts The addresses on which the server listens.
 */
export async function checkName(domain: string, hosts: readonly string[], { hostsFile, ipv4 = hasIpv4Loopback() }: Surroundings = {}): Promise<Finding> {
  const literal = addressLiteral(domain);
  if (literal !== null) return checkAddress(literal, hosts);
  if (!ipv4) return failure(`${domain} has no IPv4 address: the loopback interface has none`, 'give it one: ip addr add 127.0.0.1/8 dev lo');
  const known = addressesByName(hostsFile).get(domain);
  if (known !== undefined) return ok(`${domain} is ${known.join(', ')} by /etc/hosts`);
  const address = await resolved(domain);
  if (address?.startsWith('127.') === true) return ok(`${domain} is ${address}`);
  const remedy = `echo '127.0.0.1 ${domain}' >> /etc/hosts`;
  if (address === null) return failure(`${domain} has no IPv4 address: OpenSRF's programs cannot connect`, remedy);
  return warning(`${domain} is ${address}, not a loopback address of this machine`, `${remedy}, or listen there: --host ${address}`);
}

/** The same for a domain that is an address; a line in /etc/hosts would not help. */
function checkAddress(address: string, hosts: readonly string[]): Finding {
  if (isIP(address) === 6)
    return failure(`${address} is an IPv6 address, and OpenSRF's programs connect by IPv4 only`, 'use a name or an IPv4 address as the domain');
  if (!isOwnAddress(address))
    return failure(`${address} is not an address of this machine: programs of that domain connect elsewhere`, 'run the server there, or correct the domain');
  if (hosts.includes(address) || hosts.includes('0.0.0.0')) return ok(`${address} is an address of this machine, where the server listens`);
  return failure(`${address} is an address of this machine, but the server does not listen there`, `listen there: --host ${address}`);
}

async function resolved(domain: string): Promise<string | null> {
  const timeout = new Promise<null>((resolve) => setTimeout(resolve, LOOKUP_TIMEOUT_MS, null).unref());
  const answer = lookup(domain, { family: 4 }).then(
    ({ address }) => address,
    () => null,
  );
  return Promise.race([answer, timeout]);
}
