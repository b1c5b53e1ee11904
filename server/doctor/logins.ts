import type { Account } from '../config/account.ts';
import type { ChopChopConfig } from '../config/config.ts';
import { addressOf } from '../config/sources/hosts-file.ts';
import { JabberClient } from '../osrf/jabber-client.ts';
import { LoginError } from '../osrf/login.ts';
import { type Finding, failure, ok } from './finding.ts';

const LOGIN_TIMEOUT_MS = 5_000;

/**
 * Whether each account of the configuration can log in at the running server, which may have been started with another configuration.
 * @param server Its process id.
 */
export async function checkLogins({ accounts, ports, hosts }: ChopChopConfig, server: number): Promise<Finding[]> {
  const [port = 0] = ports;
  const reachable = (domain: string) => hosts.find((host) => host === addressOf(domain)) ?? (hosts[0] as string);
  const findings = await Promise.all(accounts.map((account) => checkLogin(account, reachable(account.domain), port, server)));
  return findings.every(({ grade }) => grade === 'ok') ? [ok(`all ${accounts.length} accounts may log in`)] : findings;
}

async function checkLogin(account: Account, host: string, port: number, server: number): Promise<Finding> {
  const jid = `${account.username}@${account.domain}`;
  try {
    const client = await JabberClient.login({ ...account, host, port, resource: `doctor_${process.pid}`, loginTimeoutMs: LOGIN_TIMEOUT_MS });
    await client.close();
    return ok(`${jid} may log in`);
  } catch (error) {
    const known = error instanceof LoginError && error.refused;
    const remedy = known ? `reload the server's configuration: kill -HUP ${server}` : `restart the server: kill ${server}`;
    return failure(`${host}:${port}: ${(error as Error).message}`, remedy);
  }
}
